"""Deciding on the promotion page: what is recorded, what is refused, and that no typed word is lost."""

import re
from copy import deepcopy
from typing import Any

import pytest
from django.test import Client

from accounts.roles import Role
from approvals.actions import review_promotion
from approvals.intake import revise_card
from approvals.models import GateRun, Promotion, Review, Tick
from audit.models import AuditEvent
from registry.models import Stage
from tests import factories
from tests.dashboard.browsing import client_of
from tests.factories import persona, promotion_in

pytestmark = pytest.mark.django_db


def send(who: str | Client, promotion: Promotion, address: str, **fields: Any) -> Any:
    client = client_of(persona(who)) if isinstance(who, str) else who
    return client.post(f"/promotions/{promotion.pk}/{address}/", fields)


def seal_in(page: str) -> str:
    found = re.search(r'name="seal" value="(\w*)"', page)
    assert found
    return found[1]


def approval(promotion: Promotion, **fields: Any) -> dict[str, Any]:
    return {"verdict": "approve", "seal": promotion.seal, "tick": ["keeper", "rollback"], "slot": "model", **fields}


# --- Recorded ----------------------------------------------------------------------------------------


def test_two_people_take_a_version_to_production_by_its_form() -> None:
    promotion = promotion_in("in_review")
    assert send("riley", promotion, "review", **approval(promotion, words="Gain is real.")).status_code == 302
    answer = send("sam", promotion, "review", **approval(promotion, tick=["cost"], slot="risk"))
    assert answer["Location"] == f"/promotions/{promotion.pk}/#main"
    promotion.refresh_from_db()
    assert promotion.state == "completed"
    assert promotion.version.__class__.objects.get(pk=promotion.version_id).stage == Stage.PRODUCTION
    assert list(promotion.reviews.values_list("comment", "channel")) == [("Gain is real.", "browser"), ("", "browser")]
    page = client_of(persona("ana")).get(f"/promotions/{promotion.pk}/").content.decode()
    assert "Approved for Production" in page
    assert "Hallmark: 6 of 6 marks struck" in page


@pytest.mark.parametrize(("verdict", "state"), [("reject", "rejected"), ("request_changes", "changes_requested")])
@pytest.mark.parametrize("before", ["checking", "blocked", "in_review"])
def test_refusing_is_possible_in_every_open_state(before: str, verdict: str, state: str) -> None:
    promotion = promotion_in(before)
    page = client_of(persona("riley")).get(f"/promotions/{promotion.pk}/").content.decode()
    answer = send("riley", promotion, "review", verdict=verdict, seal=seal_in(page), words="Not like this.")
    assert answer.status_code == 302
    promotion.refresh_from_db()
    assert promotion.state == state


def test_ticked_items_are_facts_with_who_ticked_them() -> None:
    promotion = promotion_in("in_review")
    factories.approve(promotion, persona("riley"), slot="model")
    page = client_of(persona("sam")).get(f"/promotions/{promotion.pk}/").content.decode()
    assert 'value="keeper"' not in page
    assert re.search(r"Somebody is named who maintains it</span><small>Riley Chen, ", page)
    assert 'type="checkbox" name="tick" value="cost"' in page


def test_items_of_another_slot_are_shown_but_not_offered() -> None:
    page = client_of(persona("riley")).get(f"/promotions/{promotion_in('in_review').pk}/").content.decode()
    assert 'value="cost"' not in page
    assert "open, for Business risk" in page


def test_an_inconclusive_gate_is_acknowledged_in_the_same_form() -> None:
    promotion = factories.finish_gates(promotion_in("checking"), no_loss="inconclusive")
    words = {"acknowledge-no-loss": "Too few rows; the loss is small."}
    assert send("riley", promotion, "review", **approval(promotion, **words)).status_code == 302
    page = client_of(persona("sam")).get(f"/promotions/{promotion.pk}/").content.decode()
    assert "Accepted by Riley Chen, " in page
    assert "“Too few rows; the loss is small.”" in page
    assert 'name="acknowledge-no-loss"' not in page


def test_a_slot_is_chosen_only_by_who_could_fill_several() -> None:
    promotion = promotion_in("in_review")
    sams = client_of(persona("sam")).get(f"/promotions/{promotion.pk}/").content.decode()
    rileys = client_of(persona("riley")).get(f"/promotions/{promotion.pk}/").content.decode()
    assert re.search(r'type="radio" name="slot" value="risk" checked', sams)  # nobody else can fill that one
    assert 'type="radio"' not in rileys
    assert 'type="hidden" name="slot" value="model"' in rileys


def test_everyone_who_sees_a_promotion_may_comment() -> None:
    promotion = promotion_in("in_review")
    assert send("omar", promotion, "comment", words="Rehearsed twice.").status_code == 302
    assert AuditEvent.objects.filter(verb="promotion.commented", reason="Rehearsed twice.").count() == 1


def test_the_requester_answers_requested_changes() -> None:
    promotion = promotion_in("changes_requested")
    page = client_of(persona("dana")).get(f"/promotions/{promotion.pk}/").content.decode()
    assert "Requested by Riley Chen" in page
    assert send("dana", promotion, "resubmit", words="The card says it now.").status_code == 302
    promotion.refresh_from_db()
    assert promotion.state == "in_review"


def test_the_requester_withdraws_with_a_reason() -> None:
    promotion = promotion_in("in_review")
    assert send("dana", promotion, "withdraw", words="A better one is coming.").status_code == 302
    promotion.refresh_from_db()
    assert (promotion.state, promotion.closed_because) == ("withdrawn", "A better one is coming.")


def test_a_gate_runs_again_with_the_reason_beside_it() -> None:
    promotion = promotion_in("blocked")
    assert send("dana", promotion, "gates/quality-floor/rerun", words="the disk was full").status_code == 302
    run = GateRun.objects.get(promotion=promotion, key="quality-floor", is_current=True)
    assert (run.number, run.because) == (2, "Dana Ortiz: the disk was full")


# --- Refused -----------------------------------------------------------------------------------------


def test_open_items_are_named_and_ticks_and_words_stay() -> None:
    promotion = promotion_in("in_review")
    answer = send("riley", promotion, "review", **approval(promotion, tick=["rollback"], words="Nearly."))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Tick the 1 open item, or reject with a reason." in page
    assert re.search(r'value="keeper" aria-invalid="true"', page)
    assert re.search(r'value="rollback" checked>', page)
    assert ">Nearly.</textarea>" in page
    assert not Tick.objects.exists()


def test_an_unacknowledged_gate_is_pointed_at() -> None:
    promotion = factories.finish_gates(promotion_in("checking"), no_loss="inconclusive")
    answer = send("riley", promotion, "review", **approval(promotion))
    assert answer.status_code == 422
    assert re.search(r'name="acknowledge-no-loss"[^>]* aria-invalid="true"', answer.content.decode())


def test_everything_that_is_missing_is_named_at_once_with_the_way_to_it() -> None:
    promotion = factories.finish_gates(promotion_in("checking"), no_loss="inconclusive")
    answer = send("riley", promotion, "review", **approval(promotion, tick=[]))
    page = answer.content.decode()
    alert = page.split('id="refused"')[1].split("</ul>")[0]
    assert answer.status_code == 422
    assert 'role="alert"' in alert
    assert (
        "Tick the 2 open items and say why it is acceptable that No loss against Production is inconclusive,"
        " or reject with a reason." in alert
    )
    for field in ("tick-keeper", "tick-rollback", "acknowledge-no-loss"):
        assert f'<a href="#{field}">' in alert
        assert re.search(rf'id="{field}"[^>]* aria-invalid="true"', page)


@pytest.mark.parametrize("verdict", ["reject", "request_changes"])
def test_the_comment_that_a_refusal_lacks_is_marked(verdict: str) -> None:
    promotion = promotion_in("in_review")
    page = send("riley", promotion, "review", verdict=verdict, seal=promotion.seal).content.decode()
    assert re.search(r'<textarea id="comment"[^>]* aria-invalid="true"', page)
    assert 'aria-invalid="true"' not in send("riley", promotion, "review").content.decode()


def test_after_approving_the_panel_says_who_is_needed_and_rejects_quietly() -> None:
    promotion = promotion_in("in_review")
    factories.approve(promotion, persona("riley"), slot="model")
    page = client_of(persona("riley")).get(f"/promotions/{promotion.pk}/").content.decode()
    told = page.split('id="decision"')[1].split("</aside>")[0]
    assert 'class="callout pass"' in told
    assert "1 more approval needed: Sam Okafor for Business risk." in told
    assert 'class="btn no"' not in told
    assert 'value="reject"' in told


def test_the_decision_can_be_jumped_to() -> None:
    page = client_of(persona("riley")).get(f"/promotions/{promotion_in('in_review').pk}/").content.decode()
    assert '<a class="skip" href="#decision">Skip to the decision</a>' in page
    assert '<li><a href="#decision">Decision</a></li>' in page
    assert 'id="decision" tabindex="-1"' in page


def test_a_stale_page_names_what_moved_and_keeps_words_and_ticks() -> None:
    promotion = promotion_in("in_review")
    revise_card(promotion.version, text=factories.CARD + "\nMore.\n", actor=persona("dana"))
    factories.finish_gates(Promotion.objects.get(pk=promotion.pk))
    answer = send("riley", promotion, "review", **approval(promotion, words="Gain is real."))
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "the model card" in page
    assert ">Gain is real.</textarea>" in page
    assert re.search(r'value="keeper" checked', page)
    promotion.refresh_from_db()
    assert seal_in(page) == promotion.seal
    assert not Review.objects.exists()
    assert send("riley", promotion, "review", **approval(promotion)).status_code == 302


def test_who_comes_second_for_a_slot_is_told_and_keeps_the_words() -> None:
    promotion = promotion_in("in_review")
    rae = client_of(factories.person("Rae Second", Role.REVIEWER))
    factories.approve(promotion, persona("riley"), slot="model")
    answer = send(rae, promotion, "review", **approval(promotion, words="I agree."))
    assert answer.status_code == 409
    assert "Your slot has been filled." in answer.content.decode()
    assert Review.objects.count() == 1


def test_words_of_a_decision_that_came_too_late_stay_readable() -> None:
    promotion = promotion_in("in_review")
    review_promotion(promotion, actor=persona("sam"), verdict="reject", comment="No.", seal=promotion.seal)
    answer = send("riley", promotion, "review", **approval(promotion, words="A long thought."))
    assert answer.status_code == 409
    assert "A long thought." in answer.content.decode()


@pytest.mark.parametrize("verdict", ["reject", "request_changes"])
def test_a_refusal_without_a_reason_is_not_recorded(verdict: str) -> None:
    promotion = promotion_in("in_review")
    answer = send("riley", promotion, "review", verdict=verdict, seal=promotion.seal, words="  ")
    assert answer.status_code == 422
    assert "Say why" in answer.content.decode()


@pytest.mark.parametrize("address", ["comment", "withdraw", "resubmit"])
def test_empty_words_are_refused_beside_their_form(address: str) -> None:
    promotion = promotion_in("changes_requested")
    answer = send("dana", promotion, address, words=" ")
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()


@pytest.mark.parametrize("words", ["x" * 10_001, "nul \x00 byte"])
@pytest.mark.parametrize("address", ["comment", "review"])
def test_words_that_cannot_be_kept_are_refused(address: str, words: str) -> None:
    promotion = promotion_in("in_review")
    answer = send("riley", promotion, address, words=words, verdict="reject", seal=promotion.seal)
    assert answer.status_code == 422
    promotion.refresh_from_db()
    assert promotion.state == "in_review"


def test_the_requester_sees_the_reason_in_place_of_the_buttons() -> None:
    promotion = promotion_in("in_review")
    page = client_of(persona("dana")).get(f"/promotions/{promotion.pk}/").content.decode()
    assert "you requested this promotion" in page
    assert 'value="approve"' not in page
    assert "Withdraw promotion" in page
    answer = send("dana", promotion, "review", **approval(promotion))
    assert answer.status_code == 403
    assert not Review.objects.exists()


def test_a_reader_without_a_role_sees_the_evidence_and_who_decides() -> None:
    page = client_of(persona("ana")).get(f"/promotions/{promotion_in('in_review').pk}/").content.decode()
    assert "You are no reviewer of this model." in page
    assert "What changes" in page
    assert 'name="verdict"' not in page
    assert "Withdraw promotion" not in page


@pytest.mark.parametrize("address", ["withdraw", "resubmit"])
def test_only_who_brought_it_withdraws_or_resubmits(address: str) -> None:
    promotion = promotion_in("changes_requested")
    assert send("ana", promotion, address, words="Because.").status_code == 403


def test_a_gate_that_runs_already_is_not_run_twice_and_the_reason_stays() -> None:
    promotion = promotion_in("checking")
    answer = send("dana", promotion, "gates/card/rerun", words="again, please")
    assert answer.status_code == 409
    assert "is running already" in answer.content.decode()


def test_an_unknown_gate_is_refused() -> None:
    assert send("dana", promotion_in("in_review"), "gates/no-such-gate/rerun", words="x").status_code == 404


def test_an_approver_who_approved_is_offered_no_second_approval() -> None:
    policy = deepcopy(factories.PRODUCTION_POLICY)
    policy["slots"][0]["count"] = 2
    factories.policies(production=policy)
    promotion = promotion_in("in_review")
    factories.approve(promotion, persona("riley"), slot="model")
    page = client_of(persona("riley")).get(f"/promotions/{promotion.pk}/").content.decode()
    assert "You have approved." in page
    assert 'value="approve"' not in page
    assert 'value="reject"' in page


def test_a_form_without_the_cross_site_token_is_refused() -> None:
    promotion = promotion_in("in_review")
    client = Client(enforce_csrf_checks=True)
    client.force_login(persona("riley"), backend="django.contrib.auth.backends.ModelBackend")
    assert client.post(f"/promotions/{promotion.pk}/review/", approval(promotion)).status_code == 403
    assert not Review.objects.exists()


# --- Parts that refresh --------------------------------------------------------------------------------


def part(promotion: Promotion, name: str, **seen: str) -> Any:
    client = client_of(persona("riley"))
    return client.get(f"/promotions/{promotion.pk}/", {"part": name, **seen}, headers={"HX-Request": "true"})


def test_gates_refresh_silently_while_they_run_and_speak_once_through() -> None:
    promotion = promotion_in("checking")
    running = part(promotion, "gates", state="checking", seal="").content.decode()
    assert 'hx-trigger="every 2s"' in running
    assert "This page moved on" not in running
    assert 'name="verdict"' not in running  # the form is never part of what is swapped
    factories.finish_gates(promotion)
    through = part(promotion, "gates", state="checking", seal="").content.decode()
    assert "hx-trigger" not in through
    assert "its gates are through, and it awaits review" in through


def test_an_open_page_hears_of_a_changed_card_once() -> None:
    promotion = promotion_in("in_review")
    seen = {"state": "in_review", "seal": promotion.seal}
    assert part(promotion, "moved", **seen).status_code == 204
    revise_card(promotion.version, text=factories.CARD + "\nMore.\n", actor=persona("dana"))
    factories.finish_gates(Promotion.objects.get(pk=promotion.pk))
    answer = part(promotion, "moved", **seen)
    assert answer.status_code == 286
    assert "the model card" in answer.content.decode()


def test_an_open_page_hears_of_a_decision() -> None:
    promotion = promotion_in("in_review")
    seen = {"state": "in_review", "seal": promotion.seal}
    review_promotion(promotion, actor=persona("sam"), verdict="reject", comment="No.", seal=promotion.seal)
    assert "it is rejected now" in part(promotion, "moved", **seen).content.decode()
