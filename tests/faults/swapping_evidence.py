"""What is decided on changes at the moment it is decided."""

from typing import Any

from approvals.actions import rerun_gate
from approvals.actions.gates import record_outcome
from approvals.gates import Judged
from approvals.models import Outcome, Promotion
from approvals.standing import current_runs
from tests.factories import persona
from tests.faults.at_once import ROUNDS, Act, approval, at_once, found, in_review, set_up
from work.actions import claim

GATE = "quality-floor"
AT_ONCE = 4


def rerun(promotion: Promotion) -> Act:
    return lambda: rerun_gate(promotion, GATE, actor=persona("dana"), reason="The data were mended.")


def landing(promotion: Promotion, judged: Judged) -> Act:
    """A worker that is about to write this outcome of the gate that runs again."""
    rerun(promotion)()
    run = next(run for run in current_runs(promotion) if run.key == GATE)
    assert run.job_id is not None
    lease = claim(run.job_id)
    assert lease is not None
    return lambda: record_outcome(run, judged, lease=lease)


def approvals_against(land: Act, promotion: Promotion) -> dict[str, Any]:
    """The last approval, pressed on what was shown before, again and again while the outcome lands."""
    presses = [approval(promotion, persona("sam"), "risk")] * AT_ONCE
    half = AT_ONCE // 2
    return found(promotion, at_once([*presses[:half], land, *presses[half:]]))


def against_a_new_outcome() -> list[dict[str, Any]]:
    rounds = []
    for _ in range(ROUNDS):
        promotion = in_review(half_approved=True)
        other = Judged(Outcome.PASSED, "AUC 0.61 ≥ 0.6", evidence=("e" * 64,))
        rounds.append(approvals_against(landing(promotion, other), promotion))
    return rounds


def against_an_outcome_that_is_the_same() -> list[dict[str, Any]]:
    rounds = []
    for _ in range(ROUNDS):
        promotion = in_review(half_approved=True)
        rounds.append(approvals_against(landing(promotion, Judged(Outcome.PASSED, "as before")), promotion))
    return rounds


def against_a_failure() -> list[dict[str, Any]]:
    rounds = []
    for _ in range(ROUNDS):
        promotion = in_review(half_approved=True)
        rounds.append(approvals_against(landing(promotion, Judged(Outcome.FAILED, "AUC 0.4 < 0.6")), promotion))
    return rounds


def against_the_wish_to_run_it_again() -> list[dict[str, Any]]:
    rounds = []
    for _ in range(ROUNDS):
        promotion = in_review(half_approved=True)
        rounds.append(approvals_against(rerun(promotion), promotion))
    return rounds


def all_of_them() -> dict[str, list[dict[str, Any]]]:
    set_up()
    races = (
        against_a_new_outcome,
        against_an_outcome_that_is_the_same,
        against_a_failure,
        against_the_wish_to_run_it_again,
    )
    return {race.__name__: race() for race in races}
