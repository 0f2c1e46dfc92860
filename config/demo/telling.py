"""What every story of the demo is made of: registering, asking, waiting, approving, each by the right person."""

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from assaydesk_client.answers import Gate, Promotion
from assaydesk_client.client import Client
from assaydesk_client.waiting import wait_for_promotion
from config.demo.steps import Steps, Unexpected

PRODUCTION = "Production"
GATES_WITHIN = 180.0  # seconds, on a slow machine
ASK_EVERY = 0.2  # seconds


class Telling:
    """One model's story. `cast`: a client for each of dana, riley, sam, omar and pipeline.

    `folder`: its trained versions.
    """

    def __init__(self, model: str, cast: Mapping[str, Client], folder: Path, steps: Steps) -> None:
        self.model, self.folder, self.steps = model, folder, steps
        self.dana, self.riley, self.sam = (cast[who] for who in ("dana", "riley", "sam"))
        self.omar, self.pipeline = cast["omar"], cast["pipeline"]

    def register(self, label: str, *, by: Client | None = None, on_behalf_of: str = "") -> int:
        """Registers a trained version with file, card and what its author measured, if that was written down;
        finalises it, and answers with its number."""
        client, folder = by or self.dana, self.folder / label
        said = json.loads((folder / "version.json").read_text())
        number = client.register_version(self.model, {**said, "on_behalf_of": on_behalf_of})["version"]
        client.upload_artifact(self.model, number, folder / f"model.{said['format']}")
        client.put_card(self.model, number, (folder / "card.md").read_text())
        if (measured := folder / "metrics.json").exists():
            [data] = said["data"]
            client.report_metrics(self.model, number, dataset=data, metrics=json.loads(measured.read_text()))
        client.finalize_version(self.model, number)
        return number

    def ask_for_production(self, number: int, reason: str, *, expect: str = "in_review") -> Promotion:
        """Waits for Staging, has riley read the card, opens the promotion to Production, and waits for its gates."""
        self.see_it_reach_staging(number)
        card = self.riley.version(self.model, number)["card"] or {}
        self.riley.review_card(self.model, number, digest=card.get("digest", ""))
        opened = self.dana.open_promotion(self.model, number, to=PRODUCTION, reason=reason)
        return expect_state(self._wait(opened["id"], until={"in_review", "blocked"}), expect)

    def see_it_reach_staging(self, number: int, *, expect: str = "completed") -> None:
        """Waits for the promotions that the policy opened by itself, to end as `expect` says."""
        found = [line for line in self.dana.promotions(model=self.model) if line["version"] == number]
        for line in found:
            expect_state(self._wait(line["id"], until={"completed", "blocked"}), expect)

    def _wait(self, promotion: int, *, until: set[str]) -> Promotion:
        return wait_for_promotion(
            self.dana, promotion, until=until, timeout=GATES_WITHIN, pause=lambda _seconds: time.sleep(ASK_EVERY)
        )

    def acknowledge_inconclusive(self, promotion: Promotion, reason: str) -> None:
        """Riley says of every inconclusive gate why that is acceptable."""
        for gate in inconclusive(promotion):
            self.riley.acknowledge_gate(promotion["id"], gate["key"], reason=reason, digest=gate["digest"])

    def approve(self, promotion: Promotion, *, riley: str, sam: str) -> None:
        """Both slots in turn, each with its part of the checklist."""
        self._fill(promotion, self.riley, "model", riley)
        expect_state(self._fill(promotion, self.sam, "risk", sam), "completed")

    def _fill(self, promotion: Promotion, reviewer: Client, slot: str, comment: str) -> Promotion:
        return reviewer.review_promotion(
            promotion["id"],
            verdict="approve",
            comment=comment,
            seal=promotion["seal"],
            slot=slot,
            ticks=[item["item"] for item in promotion["checklist"] if item["slot"] == slot],
        )


def inconclusive(promotion: Promotion) -> Sequence[Gate]:
    """Its gates that couldn't tell."""
    return [gate for gate in promotion["gates"] if gate["outcome"] == "inconclusive"]


def expect_state(promotion: Promotion, state: str) -> Promotion:
    """The promotion itself. Raises Unexpected with what its gates say when it is in another state."""
    if promotion["state"] == state:
        return promotion
    standing = [f"{gate['title']}: {gate['summary']}" for gate in promotion["gates"] if gate["outcome"] != "passed"]
    what = f"Promotion {promotion['id']} is {promotion['state_title'].lower()}, not {state}."
    raise Unexpected(" ".join([what, *standing]))
