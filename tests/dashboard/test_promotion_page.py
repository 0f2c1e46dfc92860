"""The promotion page for its readers: what it says, in every state, in a fixed number of queries."""

from copy import deepcopy
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.roles import Role
from approvals.actions import comment_on_promotion, rerun_gate
from approvals.intake import finalise_version, revise_card
from approvals.models import Promotion, State
from audit.models import AuditEvent
from tests import factories
from tests.dashboard.browsing import client_of, queries_of
from tests.factories import persona, promotion_in

pytestmark = pytest.mark.django_db


def page_of(promotion: Promotion, who: str = "riley", **query: Any) -> str:
    answer = client_of(persona(who)).get(f"/promotions/{promotion.pk}/", query)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("who", ["riley", "dana", "ana"])
def test_the_page_shows_every_state_to_every_kind_of_reader(state: State, who: str) -> None:
    promotion = promotion_in(state)
    assert f">{state.label}</span>" in page_of(promotion, who)


def test_a_visitor_is_sent_to_sign_in() -> None:
    promotion = promotion_in("in_review")
    answer = Client().get(f"/promotions/{promotion.pk}/")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/sign-in/")


@pytest.mark.parametrize("address", ["", "review/", "comment/", "withdraw/", "resubmit/", "gates/card/rerun/"])
def test_an_outsider_cannot_tell_a_hidden_promotion_from_none(address: str) -> None:
    promotion = promotion_in("in_review")
    outsider = client_of(factories.person("Otto Outside", Role.REVIEWER, model=factories.model_named("other")))
    send = outsider.post if address else outsider.get
    assert send(f"/promotions/{promotion.pk}/{address}").status_code == 404
    assert send(f"/promotions/{promotion.pk + 1}/{address}").status_code == 404


@pytest.mark.parametrize("address", ["review/", "comment/", "withdraw/", "resubmit/", "gates/card/rerun/"])
def test_opening_the_address_of_a_form_decides_nothing(address: str) -> None:
    promotion = promotion_in("in_review")
    before = AuditEvent.objects.count()
    answer = client_of(persona("riley")).get(f"/promotions/{promotion.pk}/{address}", {"verdict": "approve"})
    assert answer["Location"] == f"/promotions/{promotion.pk}/"
    assert AuditEvent.objects.count() == before


@pytest.mark.parametrize("query", [{}, {"part": "gates"}, {"part": "moved", "state": "checking"}])
def test_reading_writes_nothing(query: dict[str, str]) -> None:
    promotion = promotion_in("in_review")
    reader = client_of(persona("riley"))
    with CaptureQueriesContext(
        connection,
    ) as queries:
        reader.get(f"/promotions/{promotion.pk}/", query)
    verbs = {query["sql"].split()[0] for query in queries}
    assert verbs == {"SELECT"}


# --- What changes ------------------------------------------------------------------------------------


def compared(**evidence: Any) -> Promotion:
    """A promotion whose gates ran for real against a live version."""
    factories.live_version(strength=0.3)
    return factories.run_gates(promotion_in("checking", **evidence))


def test_a_clear_gain_is_said_first() -> None:
    page = page_of(compared(strength=0.7))
    assert "Better on 8 of 9 measures" in page
    assert "v2 ranks cases better than v1: AUC 1.000 against" in page


def test_a_loss_names_the_measures_and_the_group() -> None:
    page = page_of(compared(strength=0.3, weak_for="south"))
    assert "Worse on" in page
    assert "Recall gets worse for region south by" in page


def test_the_same_model_again_shows_no_measurable_difference() -> None:
    page = page_of(compared(strength=0.3))
    assert "No measurable difference on 9 of 9 measures." in page
    assert "No measurable loss of recall in the 2 groups judged." in page
    assert "decides 0 differently from v1" in page


def test_decisions_turned_right_and_wrong_are_counted() -> None:
    promotion = compared(strength=0.3, weak_for="south")
    evidence = factories.stored_comparison(promotion)
    page = page_of(promotion)
    assert f"turns {evidence['decisions']['fixed']} wrong decision" in page
    assert f"and {evidence['decisions']['broken']} right decision" in page


def test_without_a_live_version_the_page_says_so_and_shows_own_figures() -> None:
    page = page_of(factories.run_gates(promotion_in("checking")))
    assert "Nothing is live, so there is nothing to compare v1 with." in page
    assert "Figures of v1 on loan-holdout@1" in page


def test_a_policy_without_a_dataset_says_that_nothing_was_measured() -> None:
    policy = deepcopy(factories.PRODUCTION_POLICY)
    policy["gates"] = [{"key": "card", "kind": "card_complete"}]
    factories.policies(production=policy)
    assert "Nothing was measured" in page_of(promotion_in("in_review"))


def test_groups_too_small_to_judge_are_named() -> None:
    factories.holdout(100, groups=("north", "south"))
    factories.policies()
    page = page_of(compared(strength=0.3))
    assert "Every group is too small to be judged." in page
    assert "Region: north (25 positive rows)" in page


def test_numbers_that_were_handed_in_carry_another_bead() -> None:
    page = page_of(compared(strength=0.5, provenance="scored"))
    assert 'aria-label="scored here"' in page
    assert 'aria-label="executed here"' in page  # the live version's


# --- Gates, card, timeline ---------------------------------------------------------------------------


def test_failed_gates_come_first_and_the_first_is_open() -> None:
    page = page_of(factories.finish_gates(promotion_in("checking"), integrity="failed", card="inconclusive"))
    places = [page.index(f'id="gate-{key}"') for key in ("integrity", "card", "quality-floor")]
    assert places == sorted(places)
    assert "<details open>" in page[places[0] : places[1]]
    assert "<details open>" not in page[places[1] :]


def test_a_gate_says_how_its_evidence_was_made() -> None:
    page = page_of(factories.run_gates(promotion_in("checking")))
    for fact in ("loan-holdout@1, locked", "no network, no secrets", "1.2 s", "loaded model.onnx"):
        assert fact in page


def test_a_gate_run_again_says_why_and_by_whom() -> None:
    promotion = promotion_in("blocked")
    rerun_gate(promotion, "quality-floor", actor=persona("dana"), reason="the disk was full")
    assert "Run 2. Dana Ortiz: the disk was full" in page_of(promotion)


def test_only_contributors_and_reviewers_are_offered_to_run_a_gate_again() -> None:
    promotion = promotion_in("in_review")
    assert "Run again" in page_of(promotion, "dana")
    assert "Run again" not in page_of(promotion, "ana")


def test_a_card_is_shown_with_what_changed_since_the_live_one() -> None:
    factories.live_version()
    promotion = promotion_in("in_review")
    revise_card(promotion.version, text=factories.CARD.replace("31 March", "30 June"), actor=persona("dana"))
    page = page_of(promotion)
    assert "<del>Loans closed to <mark>31</mark> <mark>March</mark>.</del>" in page
    assert "<ins>Loans closed to <mark>30</mark> <mark>June</mark>.</ins>" in page
    assert "1 line added, 1 removed" in page


def test_a_card_cannot_bring_markup_or_compete_with_the_page_headings() -> None:
    card = factories.CARD + "\n# <script>alert(1)</script> Approved\n\n[x](javascript:alert(1))\n"
    version = factories.version_of(factories.model_named(), card=card, final=False)
    factories.policies()
    factories.personas()
    finalise_version(version, actor=persona("dana"))
    version.refresh_from_db()
    factories.evidence_of(version)
    page = page_of(promotion_in("in_review", version=version))
    assert "<script>alert" not in page
    assert 'href="javascript:' not in page
    assert page.count("<h1") == 1


def test_the_timeline_tells_acts_in_sentences_with_the_words_said() -> None:
    promotion = promotion_in("in_review")
    comment_on_promotion(promotion, actor=persona("omar"), comment="Rehearsed twice.")
    factories.approve(promotion, persona("riley"), slot="model", comment="Gain is real.")
    page = page_of(promotion)
    assert "<b>Omar Haddad</b> commented" in page
    assert "Rehearsed twice." in page
    assert "<b>Riley Chen</b> approved for Model review" in page
    assert "<b>Riley Chen</b> ticked “Somebody is named who maintains it”" in page


def test_a_long_timeline_is_shown_in_pages() -> None:
    promotion = promotion_in("in_review")
    for number in range(101):
        comment_on_promotion(promotion, actor=persona("omar"), comment=f"Remark {number}.")
    newest = page_of(promotion)
    assert "Remark 100." in newest
    assert "asked for Production" not in newest
    earlier = newest.split("?before=")[1].split("#")[0]
    assert "asked for Production" in page_of(promotion, before=earlier)


# --- Queries -----------------------------------------------------------------------------------------


def grown_policy(*, gates: int, seats: int, items: int) -> dict[str, Any]:
    floor = factories.PRODUCTION_POLICY["gates"][0]
    return {
        "gates": [*factories.PRODUCTION_POLICY["gates"], *({**floor, "key": f"floor-{i}"} for i in range(gates))],
        "slots": [
            {"key": "model", "title": "Model review", "role": "reviewer", "count": seats},
            {"key": "risk", "title": "Business risk", "role": "approver"},
        ],
        "checklist": [{"key": f"item-{i}", "text": f"Item {i}", "rests_on": ["card"]} for i in range(items)],
    }


def grown_promotion(size: int) -> Promotion:
    """Against a live version, with `size` of everything: gates, seats, items, reviews, comments."""
    factories.holdout(1800, groups=[f"group{number}" for number in range(20)])
    model = factories.model_named(f"loan-{size}")
    factories.policies()
    factories.live_version(model=model)
    factories.policies(production=grown_policy(gates=size, seats=min(size, 20), items=size))
    reviewers = [
        factories.person(f"Rae {number} Viewer", Role.REVIEWER, model=model) for number in range(min(size, 20))
    ]
    promotion = factories.run_gates(promotion_in("checking", model=model, strength=0.31))
    assert promotion.state == "in_review"
    for reviewer in reviewers[:-1]:
        factories.approve(promotion, reviewer, slot="model", comment="Fine.")
        comment_on_promotion(promotion, actor=reviewer, comment="Fine.")
    return promotion


def queries_by_reader(promotion: Promotion) -> dict[str, int]:
    readers = {name: client_of(persona(name)) for name in ("riley", "dana", "ana")}
    page = f"/promotions/{promotion.pk}/"
    return {name: queries_of(lambda reader=reader: reader.get(page)) for name, reader in readers.items()}


def test_the_number_of_queries_does_not_grow() -> None:
    factories.personas()
    few = queries_by_reader(grown_promotion(3))
    many = queries_by_reader(grown_promotion(9))
    assert many == few
    assert all(10 < queries < 45 for queries in many.values())
