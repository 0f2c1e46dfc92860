"""People who decide at the same moment."""

from typing import Any

from accounts.models import User
from accounts.roles import Role
from approvals.actions import review_promotion
from approvals.intake import revise_card
from approvals.models import Promotion
from registry.models import Model, Version
from tests import factories
from tests.factories import persona
from tests.faults.at_once import ROUNDS, Act, approval, at_once, found, in_review, set_up

CLICKS = 32


def rejection(promotion: Promotion, who: User) -> Act:
    given: dict[str, Any] = {"seal": promotion.seal, "comment": "Worse for the south."}
    return lambda: review_promotion(promotion, actor=who, verdict="reject", **given)


def one_person_clicks_often() -> list[dict[str, Any]]:
    promotion = in_review()
    return [found(promotion, at_once([approval(promotion, persona("riley"), "model")] * CLICKS))]


def two_people_for_one_slot() -> list[dict[str, Any]]:
    promotion = in_review()
    both = (persona("riley"), factories.person("Rae Reviewer", Role.REVIEWER))
    clicks = [approval(promotion, who, "model") for who in both] * (CLICKS // 2)
    return [found(promotion, at_once(clicks))]


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


def all_of_them() -> dict[str, list[dict[str, Any]]]:
    set_up()
    races = (
        one_person_clicks_often,
        two_people_for_one_slot,
        one_person_for_both_slots,
        both_slots_by_two_people,
        last_approval_against_rejection,
        last_approval_against_a_new_card,
        two_versions_go_live,
    )
    return {race.__name__: race() for race in races}
