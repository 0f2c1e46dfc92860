"""The seal: one digest over everything a decision rests on, part by part."""

import hashlib
import json
from collections.abc import Collection, Mapping

from approvals.gates import GATES
from approvals.models import GateRun, Promotion, Waiver
from registry.queries import newest_card

#: How the parts are named to people.
PART_TITLES = {
    "artifact": "the artifact",
    "card": "the model card",
    "evidence": "the evidence",
    "waivers": "the waivers",
    "policy": "the policy",
    "baseline": "what is live",
}


def parts_of(promotion: Promotion, runs: Collection[GateRun]) -> dict[str, str]:
    """Part to digest, as things are now. `runs` are the promotion's current gate runs, all finished."""
    card = newest_card(promotion.version)
    measured = [run for run in runs if "evidence" in GATES[run.kind].rests_on]  # others name cards and files there
    evidence = sorted({digest for run in measured for digest in run.details.get("evidence", [])})
    return {
        "artifact": promotion.version.artifact_digest,
        "card": card.digest if card else "",
        "evidence": _digest(evidence),
        "waivers": _digest(sorted(f"{run.key} {run.digest}" for run in runs if standing_waiver(run) is not None)),
        "policy": promotion.policy_revision.digest,
        "baseline": f"version {promotion.baseline.number}" if promotion.baseline else "",
        **{f"gate:{run.key}": run.digest for run in runs},
    }


def standing_waiver(run: GateRun) -> Waiver | None:
    """The waiver that holds for the run's outcome now; read `waivers__by` together with the runs."""
    return next((waiver for waiver in run.waivers.all() if waiver.voided_at is None and not waiver.has_ended), None)


def digest_of(parts: Mapping[str, str]) -> str:
    return _digest(dict(parts))


def moved_parts(before: Mapping[str, str], after: Mapping[str, str], rests_on: Collection[str]) -> list[str]:
    """The parts among `rests_on` that differ, by name; "gates" stands for all `gate:…` parts."""
    return sorted(
        name
        for name in {*before, *after}
        if before.get(name) != after.get(name) and (name.partition(":")[0].replace("gate", "gates") in rests_on)
    )


def title_of(part: str, gate_titles: Mapping[str, str]) -> str:
    if part.startswith("gate:"):
        key = part.removeprefix("gate:")
        return f"the gate “{gate_titles.get(key, key)}”"
    return PART_TITLES[part]


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
