"""People, versions with evidence, and promotions in any state, made the way people and workers make them."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import numpy as np
from django.db.models import F
from django.utils import timezone

from accounts.access import people_who_may
from accounts.actions import create_person, grant_role
from accounts.models import User
from accounts.roles import CONTRIBUTE, Role
from approvals.actions import (
    archive_version,
    deadlines,
    open_promotion,
    publish_policy,
    resubmit_promotion,
    review_promotion,
    run_gate,
    withdraw_promotion,
)
from approvals.actions.gates import record_outcome
from approvals.gates import Judged
from approvals.intake import finalise_version, revise_card
from approvals.models import GateRun, Outcome, Promotion, State
from approvals.standing import current_runs, document_of
from evidence.actions import lock_dataset
from evidence.actions.evaluate import store_evaluation
from evidence.labels import Declaration
from evidence.loading import load_rows
from evidence.models import Comparison, Evaluation, LockedDataset, Provenance
from evidence.runtimes import Prediction
from registry.actions import (
    NewVersion,
    add_artifact_file,
    create_dataset,
    create_model,
    find_or_add_pointer,
    register_version,
)
from registry.models import Model, Stage, Version
from tests.replaying import replayed
from work.actions import claim

PASSWORD = "a long enough pass phrase"
HOLDOUT = "loan-holdout@1"
PERSONAS = {
    "dana": ("Dana Ortiz", Role.CONTRIBUTOR),
    "riley": ("Riley Chen", Role.REVIEWER),
    "sam": ("Sam Okafor", Role.APPROVER),
    "omar": ("Omar Haddad", Role.OPERATOR),
    "ana": ("Ana Lima", Role.AUDITOR),
}
CARD = """---
license: mit
---
# Loan

## Intended use
Estimates whether a loan is approved.

## Training data
Loans closed to 31 March.

## Evaluation
On the locked holdout.

## Limitations
Fitted on one city.
"""
STAGING_POLICY: dict[str, Any] = {"opens": "on_finalize", "gates": []}
PRODUCTION_POLICY: dict[str, Any] = {
    "gates": [
        {
            "key": "quality-floor",
            "kind": "metric_threshold",
            "parameters": {"metric": "auc", "at_least": 0.6, "dataset": HOLDOUT},
        },
        {
            "key": "no-loss",
            "kind": "no_regression",
            "parameters": {"metric": "auc", "dataset": HOLDOUT, "margin": 0.05},
        },
        {"key": "card", "kind": "card_complete"},
        {"key": "integrity", "kind": "integrity"},
    ],
    "slots": [
        {"key": "model", "title": "Model review", "role": "reviewer"},
        {"key": "risk", "title": "Business risk", "role": "approver"},
    ],
    "checklist": [
        {"key": "cost", "text": "Running cost is known and accepted", "slot": "risk", "rests_on": ["card"]},
        {"key": "keeper", "text": "Somebody is named who maintains it", "slot": "model", "rests_on": ["card"]},
        {"key": "rollback", "text": "It is clear what to go back to", "rests_on": ["baseline"]},
    ],
}


# --- People ------------------------------------------------------------------------------------------


@replayed
def persona(username: str) -> User:
    """One of dana, riley, sam, omar, ana (with their role on all models) or admin (a superuser, no role)."""
    found = User.objects.filter(username=username).first()
    if found is not None:
        return found
    if username == "admin":
        return _person("admin", "Adele Min", is_superuser=True)
    name, role = PERSONAS[username]
    person = _person(username, name)
    grant_role(role, to=person, actor=None)
    return person


@replayed
def personas() -> SimpleNamespace:
    """All of them by name."""
    return SimpleNamespace(**{name: persona(name) for name in (*PERSONAS, "admin")})


@replayed
def person(name: str, *roles: str, model: Model | None = None) -> User:
    """Somebody else, with these roles on one model or on all."""
    added = _person(f"person{User.objects.count()}", name)
    for role in roles:
        grant_role(role, to=added, actor=None, model=model)
    return added


def _person(username: str, name: str, **fields: Any) -> User:
    email = f"{username}@example.org"
    return create_person(username, actor=None, name=name, email=email, password=PASSWORD, **fields)


# --- What is registered ------------------------------------------------------------------------------


@replayed
def model_named(name: str = "loan") -> Model:
    return Model.objects.filter(name=name).first() or create_model(name, actor=persona("dana"))


@replayed
def version_of(model: Model, *, card: str = CARD, by: User | None = None, final: bool = True, **facts: Any) -> Version:
    """A version with a file and a card; final unless told otherwise (a Staging policy may then move it)."""
    by = by or _contributor(model)
    pointer = find_or_add_pointer("loan-train", kind="git", location="data", pin="a" * 40, actor=by)
    told = {
        "format": "onnx",
        "features": ["amount"],
        "code_repository": "https://git.example.org/loan",
        "code_commit": "c" * 40,
        "environment": {"python": "3.11", "packages": {"scikit-learn": "1.9"}},
        "trained_on": [pointer],
    }
    version = register_version(model, NewVersion(**{**told, **facts}), actor=by)
    add_artifact_file(version, "model.onnx", [f"artifact {version}".encode()], actor=by)
    if card:
        revise_card(version, text=card, actor=by)
    if final:
        finalise_version(version, actor=by)
    version.refresh_from_db()
    return version


def _contributor(model: Model) -> User:
    return people_who_may(CONTRIBUTE, model).first() or persona("dana")


# --- Evidence ----------------------------------------------------------------------------------------


@replayed
def holdout(rows: int = 400, *, groups: Sequence[str] = ("north", "south")) -> LockedDataset:
    """The locked dataset `loan-holdout@1`: every other row is positive, each group has its share of both."""
    found = LockedDataset.objects.filter(dataset_version__dataset__name="loan-holdout").first()
    if found is not None:
        return found
    lines = ["id,amount,region,approved"]
    lines += [f"r{row},{row},{groups[row // 2 % len(groups)]},{'yes' if row % 2 else 'no'}" for row in range(rows)]
    declared = Declaration(id_column="id", target="approved", positive="yes", segments=["region"])
    dataset = create_dataset("loan-holdout", actor=persona("sam"))
    return lock_dataset(dataset, ["\n".join(lines).encode()], declared, actor=persona("sam"))


@replayed
def evidence_of(
    version: Version,
    *,
    strength: float = 0.3,
    seed: int = 7,
    weak_for: str = "",
    provenance: str = Provenance.EXECUTED,
) -> Evaluation:
    """An evaluation on the holdout: `strength` parts truth to noise, truth turned round in the group `weak_for`."""
    locked = holdout()
    rows = load_rows(locked)
    noise = np.random.default_rng(seed).random(len(rows.truth))
    signal = rows.truth.astype(float)
    if weak_for:
        signal = np.where(rows.segments["region"].inside(weak_for), 1 - signal, signal)
    scores = strength * signal + (1 - strength) * noise
    executed = provenance == Provenance.EXECUTED
    ran = Prediction(scores, "bubblewrap", 1.25, "loaded model.onnx\n400 rows") if executed else None
    return store_evaluation(version, locked, rows, scores, provenance=provenance, ran=ran)


def stored_comparison(promotion: Promotion) -> dict[str, Any]:
    """What the gates stored of candidate against baseline, as plain values."""
    found = Comparison.objects.get(candidate__version=promotion.version, baseline__version=promotion.baseline)
    return dict(found.result)


# --- Policies and promotions -------------------------------------------------------------------------


@replayed
def policies(production: dict[str, Any] | None = None, staging: dict[str, Any] | None = None) -> None:
    """A Staging policy that lets everything through at once, and a Production policy with two slots."""
    holdout()
    publish_policy("Staging", staging or STAGING_POLICY, actor=None, target_stage=Stage.STAGING)
    publish_policy("Production", production or PRODUCTION_POLICY, actor=None, target_stage=Stage.PRODUCTION)


@replayed
def run_gates(promotion: Promotion) -> Promotion:
    """Does what a worker does with every queued gate, for real."""
    for run in current_runs(promotion):
        lease = claim(run.job_id) if run.outcome == Outcome.PENDING and run.job_id else None
        if lease is not None:
            run_gate(lease)
    promotion.refresh_from_db()
    return promotion


@replayed
def finish_gates(promotion: Promotion, **outcomes: str) -> Promotion:
    """Ends every queued gate without running it: passed, or as named (`no_loss="failed"` for the key no-loss)."""
    for run in current_runs(promotion):
        if run.outcome == Outcome.PENDING:
            finish_gate(run, outcomes.get(run.key.replace("-", "_"), Outcome.PASSED))
    promotion.refresh_from_db()
    return promotion


def finish_gate(run: GateRun, outcome: str, summary: str = "") -> None:
    """Ends one queued gate with this outcome, as the worker that claimed it would."""
    assert run.job_id is not None
    lease = claim(run.job_id)
    assert lease is not None
    record_outcome(run, Judged(Outcome(outcome), summary or f"{run.key} {outcome}"), lease=lease)


@replayed
def approve(promotion: Promotion, who: User, *, slot: str = "", comment: str = "") -> Promotion:
    """A full approval: this person's open items ticked, inconclusive gates acknowledged."""
    promotion.refresh_from_db()
    document = document_of(promotion)
    ticked = set(promotion.ticks.filter(fell_at=None).values_list("item", flat=True))
    mine = slot or ("risk" if who.username == "sam" and document.slot("risk") else "")
    mine = mine or document.slots[0].key
    unsure = promotion.gate_runs.filter(is_current=True, outcome=Outcome.INCONCLUSIVE, acknowledgement=None)
    return review_promotion(
        promotion,
        actor=who,
        verdict="approve",
        comment=comment,
        seal=promotion.seal,
        slot=mine,
        ticks=[item.key for item in document.items_of(mine) if item.key not in ticked],
        acknowledgements={run.key: "Too few rows to tell; the loss is small." for run in unsure},
    )


@replayed
def live_version(model: Model | None = None, **evidence: Any) -> Version:
    """A version that went registered → Staging → Production the regular way."""
    promotion = run_gates(promotion_in(State.CHECKING, model=model, **evidence))
    approve(promotion, persona("riley"), slot="model")
    approve(promotion, persona("sam"), slot="risk")
    promotion.version.refresh_from_db()
    assert promotion.version.stage == Stage.PRODUCTION
    return promotion.version


@replayed
def promotion_in(
    state: str, *, model: Model | None = None, version: Version | None = None, **evidence: Any
) -> Promotion:
    """A promotion to Production in the state. After `live_version` of the same model it has a baseline.

    Gates are ended without being run, except in `checking`, where they still wait (`run_gates` runs them);
    `evidence` goes to `evidence_of`. A version that is given keeps the evidence it has.
    """
    personas()
    if not LockedDataset.objects.exists():
        policies()
    if version is None:
        version = version_of(model or model_named())
        evidence_of(version, **evidence)
    promotion = open_promotion(
        version,
        to_stage=Stage.PRODUCTION,
        actor=persona("dana"),
        reason="Ready for Production.",
        not_before=timezone.now() + timedelta(days=1) if state == State.APPROVED else None,
    )
    _LEAD_TO[State(state)](promotion)
    promotion.refresh_from_db()
    return promotion


@replayed
def resubmitted(promotion: Promotion) -> Promotion:
    """A promotion whose changes were requested, after its requester's answer."""
    return resubmit_promotion(promotion, actor=promotion.requested_by, answer="The card says it now.")


def _refused(promotion: Promotion, verdict: str) -> None:
    finish_gates(promotion)
    review_promotion(
        promotion, actor=persona("riley"), verdict=verdict, comment="The card is thin.", seal=promotion.seal
    )


def _approved_by_both(promotion: Promotion) -> None:
    """Completes it, unless something holds it back (`not_before`, in the state `approved`)."""
    finish_gates(promotion)
    approve(promotion, persona("riley"), slot="model")
    approve(promotion, persona("sam"), slot="risk")


def _expired(promotion: Promotion) -> None:
    finish_gates(promotion)
    move_back_in_time(promotion, timedelta(days=91))
    deadlines.go_round()


def _superseded(promotion: Promotion) -> None:
    finish_gates(promotion)
    archive_version(promotion.version, actor=persona("omar"), reason="Its training data were wrong.")


def move_back_in_time(promotion: Promotion, by: timedelta) -> None:
    """As if it had been opened so much earlier, and everything about it that has a date."""
    fields = ("opened_at", "expires_at", "not_before", "look_again_at", "due_at", "review_started_at")
    Promotion.objects.filter(pk=promotion.pk).update(**{name: F(name) - by for name in fields})
    promotion.refresh_from_db()


_LEAD_TO: dict[State, Callable[[Promotion], object]] = {
    State.CHECKING: lambda promotion: None,
    State.BLOCKED: lambda promotion: finish_gates(promotion, quality_floor=Outcome.FAILED),
    State.IN_REVIEW: finish_gates,
    State.CHANGES_REQUESTED: lambda promotion: _refused(promotion, "request_changes"),
    State.APPROVED: _approved_by_both,
    State.COMPLETED: _approved_by_both,
    State.REJECTED: lambda promotion: _refused(promotion, "reject"),
    State.WITHDRAWN: lambda promotion: withdraw_promotion(
        promotion, actor=promotion.requested_by, reason="A better one is coming."
    ),
    State.EXPIRED: _expired,
    State.SUPERSEDED: _superseded,
}
