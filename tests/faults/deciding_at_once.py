"""People who decide at the same moment, each over a database connection of their own."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

if __name__ == "__main__":
    import django

    django.setup()

from celery import current_app
from django.conf import settings
from django.db import connection, connections

from accounts.models import User
from accounts.reasons import PromotionMoved, Refusal
from accounts.roles import Role
from approvals.actions import review_promotion
from approvals.intake import revise_card
from approvals.models import Promotion, State
from audit.models import AuditEvent
from registry.models import Model, TrafficPlan, Version
from tests import factories
from tests.factories import persona
from tests.faults.scenarios import play, scenario

ROUNDS = 3
TICKS = {"model": ["keeper", "rollback"], "risk": ["cost", "rollback"]}
Act = Callable[[], object]


def at_once(acts: Sequence[Act]) -> list[str]:
    """Does all of them at the same moment and returns what each was answered: ok, or a refusal by name."""
    barrier, answers = threading.Barrier(len(acts)), ["nothing"] * len(acts)

    def act(index: int) -> None:
        try:
            connection.ensure_connection()
            barrier.wait(30)
            acts[index]()
            answers[index] = "ok"
        except PromotionMoved as moved:
            answers[index] = f"moved: {moved.reason.code}"
        except Refusal as refusal:
            answers[index] = refusal.reason.code
        except Exception as error:  # noqa: BLE001 - what went wrong is the test's to judge
            answers[index] = f"{type(error).__name__}: {error}"
        finally:
            connections.close_all()

    threads = [threading.Thread(target=act, args=(index,)) for index in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def approval(promotion: Promotion, who: User, slot: str) -> Act:
    given: dict[str, Any] = {"seal": promotion.seal, "slot": slot, "ticks": TICKS[slot]}
    return lambda: review_promotion(promotion, actor=who, verdict="approve", **given)


def rejection(promotion: Promotion, who: User) -> Act:
    given: dict[str, Any] = {"seal": promotion.seal, "comment": "Worse for the south."}
    return lambda: review_promotion(promotion, actor=who, verdict="reject", **given)


def in_review(*, half_approved: bool = False) -> Promotion:
    promotion = factories.promotion_in(State.IN_REVIEW)
    if half_approved:
        approval(promotion, persona("riley"), "model")()
        promotion.refresh_from_db()
    return promotion


def found(promotion: Promotion, answers: list[str]) -> dict[str, Any]:
    """What is in the tables afterwards, beside what people were answered."""
    promotion.refresh_from_db()
    verbs = AuditEvent.objects.filter(subject_kind="promotion", subject_id=str(promotion.pk))
    model = promotion.version.model
    return {
        "answers": sorted(answers),
        "state": promotion.state,
        "approvals": promotion.reviews.filter(verdict="approve", fell_at=None).count(),
        "ticks": promotion.ticks.filter(fell_at=None).count(),
        "approved": verbs.filter(verb="promotion.approved").count(),
        "completed": verbs.filter(verb="promotion.completed").count(),
        "live": Version.objects.filter(model=model, stage="Production").count(),
        "plans": TrafficPlan.objects.filter(model=model, ended_at=None).count(),
    }


def one_person_eight_times() -> list[dict[str, Any]]:
    rounds = []
    for _ in range(ROUNDS):
        promotion = in_review()
        rounds.append(found(promotion, at_once([approval(promotion, persona("riley"), "model")] * 8)))
    return rounds


def two_people_for_one_slot() -> list[dict[str, Any]]:
    rounds = []
    second = factories.person("Rae Reviewer", Role.REVIEWER)
    for _ in range(ROUNDS):
        promotion = in_review()
        rounds.append(
            found(promotion, at_once([approval(promotion, who, "model") for who in (persona("riley"), second)]))
        )
    return rounds


def one_person_for_both_slots() -> list[dict[str, Any]]:
    rounds = []
    for _ in range(ROUNDS):
        promotion = in_review()
        rounds.append(
            found(promotion, at_once([approval(promotion, persona("sam"), slot) for slot in ("model", "risk")]))
        )
    return rounds


def both_slots_by_two_people() -> list[dict[str, Any]]:
    rounds = []
    for _ in range(ROUNDS):
        promotion = in_review()
        acts = [approval(promotion, persona("riley"), "model"), approval(promotion, persona("sam"), "risk")]
        rounds.append(found(promotion, at_once(acts)))
    return rounds


def last_approval_against_rejection() -> list[dict[str, Any]]:
    rounds = []
    for _ in range(ROUNDS):
        promotion = in_review(half_approved=True)
        second = factories.person("Rae Reviewer", Role.REVIEWER)
        acts = [approval(promotion, persona("sam"), "risk"), rejection(promotion, second)]
        rounds.append(found(promotion, at_once(acts)))
    return rounds


def last_approval_against_a_new_card() -> list[dict[str, Any]]:
    rounds = []
    for number in range(ROUNDS):
        promotion = in_review(half_approved=True)
        text = f"{factories.CARD}\nRevised in round {number} of version {promotion.version.number}.\n"
        version = promotion.version

        def revise(version: Version = version, text: str = text) -> None:
            revise_card(version, text=text, actor=persona("dana"))

        rounds.append(found(promotion, at_once([approval(promotion, persona("sam"), "risk"), revise])))
    return rounds


def two_versions_go_live() -> list[dict[str, Any]]:
    rounds = []
    for _ in range(ROUNDS):
        model = Model.objects.filter(name="loan").first() or factories.model_named("loan")
        pair = [in_review(half_approved=True) for _ in range(2)]
        answers = at_once([approval(promotion, persona("sam"), "risk") for promotion in pair])
        states = sorted(Promotion.objects.get(pk=promotion.pk).state for promotion in pair)
        rounds.append({**found(pair[0], answers), "states": states, "model": model.name})
    return rounds


@scenario
def all_of_them() -> dict[str, list[dict[str, Any]]]:
    # Neither messages nor passwords matter to these races; both take time.
    current_app.conf.update(broker_url="memory://", broker_transport_options={})
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    factories.personas()
    factories.policies()
    races = (
        one_person_eight_times,
        two_people_for_one_slot,
        one_person_for_both_slots,
        both_slots_by_two_people,
        last_approval_against_rejection,
        last_approval_against_a_new_card,
        two_versions_go_live,
    )
    return {race.__name__: race() for race in races}


if __name__ == "__main__":
    play()
