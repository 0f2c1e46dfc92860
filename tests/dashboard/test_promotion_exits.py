"""The promotion page where something is out of the ordinary: waived, held back, restarted, taken over, over."""

import html
import re
from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from approvals.actions import open_promotion, report_gate, take_over_promotion
from approvals.models import Promotion, Waiver
from registry.models import Model, Stage
from tests import factories
from tests.approvals.excepting import blocked, opened, round_in, run_again, waive
from tests.approvals.operating import publish_own
from tests.dashboard.browsing import client_of, section
from tests.dashboard.browsing import page_of as page_at
from tests.factories import persona, promotion_in

pytestmark = pytest.mark.django_db

EXTERNAL = {
    "key": "bias-audit",
    "kind": "external_check",
    "title": "Bias audit",
    "parameters": {"what": "Bias audit by the bench", "reporters": ["omar"]},
}


@pytest.fixture
def loan() -> Model:
    factories.personas()
    factories.policies()
    return factories.model_named("loan")


def page_of(promotion: Promotion, who: str = "riley") -> str:
    return html.unescape(page_at(persona(who), f"/promotions/{promotion.pk}/"))


def send(who: str, promotion: Promotion, address: str, **fields: Any) -> Any:
    return client_of(persona(who)).post(f"/promotions/{promotion.pk}/{address}/", fields)


def digest_in(page: str, key: str) -> str:
    """What the waive form of a gate would send."""
    form = page.split(f'gates/{key}/waive/#gate-{key}"')[1].split("</form>")[0]
    found = re.search(r'name="digest" value="(\w+)"', form)
    assert found
    return found[1]


def timeline(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", section(page, "timeline")))


def awaiting_report(model: Model, **document: Any) -> Promotion:
    """In review, while another system has not reported yet."""
    document = {**deepcopy(factories.PRODUCTION_POLICY), **document}
    publish_own(model, {**document, "gates": [EXTERNAL]})
    version = factories.version_of(model)
    promotion = open_promotion(version, to_stage=Stage.PRODUCTION, actor=persona("dana"), reason="Ready.")
    return factories.run_gates(promotion)


# --- Waivers -----------------------------------------------------------------------------------------


def test_an_approver_waives_a_failed_gate_by_its_form(loan: Model) -> None:
    promotion = blocked(factories.version_of(loan))
    until = timezone.localdate() + timedelta(days=30)
    form = {"words": "Known.", "digest": digest_in(page_of(promotion, "sam"), "lineage"), "until": until.isoformat()}
    answer = send("sam", promotion, "gates/lineage/waive", **form)
    assert answer.headers["Location"] == f"/promotions/{promotion.pk}/#main"
    waiver = Waiver.objects.get()
    assert (waiver.by, waiver.reason) == (persona("sam"), "Known.")
    assert waiver.expires_at is not None
    assert timezone.localtime(waiver.expires_at).strftime("%F %H:%M") == f"{until} 23:59"
    promotion.refresh_from_db()
    assert promotion.state == "in_review"


def test_reviewers_read_of_a_waiver_before_the_evidence(loan: Model) -> None:
    promotion = waive(blocked(factories.version_of(loan)), persona("sam"), reason="The floor comes down in May.")
    page = page_of(promotion)
    assert page.index("Sam Okafor waived Lineage complete:") < page.index('id="changes"')
    assert "“The floor comes down in May.”" in section(page, "summary")
    assert "Waived by Sam Okafor" in page
    assert "Sam Okafor waived Lineage complete " in timeline(page)


def test_only_who_may_is_offered_to_waive(loan: Model) -> None:
    promotion = blocked(factories.version_of(loan))
    assert "gates/lineage/waive/" in page_of(promotion, "sam")
    for who in ("riley", "dana", "omar"):
        assert "/waive/" not in page_of(promotion, who)
        assert send(who, promotion, "gates/lineage/waive", words="x", digest="y").status_code == 403
    assert not Waiver.objects.exists()


def test_a_damaged_artifact_is_said_not_to_be_waivable(loan: Model) -> None:
    promotion = blocked(factories.version_of(loan), "integrity")
    page = page_of(promotion, "sam")
    assert "can't be waived." in page
    assert "/waive/" not in page
    assert send("sam", promotion, "gates/integrity/waive", words="x", digest="y").status_code == 409


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"words": " "}, 422),
        ({"words": "Known.", "until": "soon"}, 422),
        ({"words": "Known.", "until": "2020-01-01"}, 422),
        ({"words": "Known.", "until": "9999-12-31"}, 422),
        ({"words": "nul \x00 byte"}, 422),
        ({"words": "Known.", "digest": "another"}, 409),
    ],
)
def test_a_waiver_that_is_refused_keeps_its_words_in_the_open_gate(loan: Model, form: Any, status: int) -> None:
    promotion = blocked(factories.version_of(loan))
    sent = {"digest": digest_in(page_of(promotion, "sam"), "lineage"), **form}
    answer = send("sam", promotion, "gates/lineage/waive", **sent)
    page = html.unescape(answer.content.decode())
    assert answer.status_code == status
    gate = page.split('id="gate-lineage"')[1].split("</details>")[0]
    assert "<details open" in gate
    assert 'role="alert"' in gate
    assert f"{form['words'].strip()}</textarea>" in gate or "\x00" in form["words"]
    assert not Waiver.objects.exists()


def test_a_result_that_changed_voids_the_waiver_and_the_timeline_says_so(loan: Model) -> None:
    promotion = waive(blocked(factories.version_of(loan)), persona("sam"))
    run_again(promotion, "lineage", "passed")
    page = page_of(promotion)
    assert "waived Lineage complete:" not in page
    assert "Assaydesk ended the waiver of Lineage complete" in timeline(page)


# --- Held back ---------------------------------------------------------------------------------------


def test_a_promotion_that_is_held_back_says_by_what(loan: Model) -> None:
    promotion = promotion_in("approved")
    page = page_of(promotion)
    assert "Approved, and held." in page
    assert "It was asked for not before" in page
    assert "Every mark is given." in page
    assert 'value="approve"' not in page
    assert 'value="reject"' in page
    assert "holds it back, with every mark given, until tomorrow" in timeline(page)


def test_the_inbox_says_what_an_approved_promotion_waits_for(loan: Model) -> None:
    promotion_in("approved")
    reported = awaiting_report(factories.model_named("fare"))
    factories.approve(reported, persona("riley"), slot="model")
    factories.approve(reported, persona("sam"), slot="risk")
    reported.refresh_from_db()
    assert reported.state == "approved"
    inbox = re.sub(r"<[^>]*>", " ", section(page_at(persona("riley"), "/"), "others"))
    assert "Bias audit to be reported" in re.sub(r"\s+", " ", inbox)
    assert "completes it tomorrow" in inbox


def test_a_check_that_reports_later_holds_completion_and_not_review(loan: Model) -> None:
    promotion = awaiting_report(loan)
    assert promotion.state == "in_review"
    page = page_of(promotion)
    assert "Bias audit is still to be reported. You can decide now; it is completed afterwards." in page
    assert "Bias audit waits for an answer from outside" in timeline(page)
    report_gate(
        promotion,
        "bias-audit",
        actor=persona("omar"),
        outcome="passed",
        summary="No group differs.",
        url="https://bench.example.org/7",
    )
    page = page_of(promotion)
    assert "still to be reported" not in page
    assert "Omar Haddad reported Bias audit: passed, No group differs." in timeline(page)
    assert 'href="https://bench.example.org/7"' in page


# --- A newer policy, a requester who left -------------------------------------------------------------


def test_a_newer_policy_is_announced_and_a_contributor_restarts_under_it(loan: Model) -> None:
    promotion = factories.finish_gates(opened(factories.version_of(loan)))
    assert "is in force now" not in page_of(promotion)
    publish_own(loan, {"slots": [{"key": "risk", "role": "approver"}]})
    assert "revision 2 is in force now." in page_of(promotion, "riley")
    assert "a contributor can restart it." in page_of(promotion, "riley")
    assert "Restart under revision 2" in page_of(promotion, "dana")
    assert send("riley", promotion, "restart", words="x").status_code == 403
    assert send("dana", promotion, "restart", words="The floor came down.").status_code == 302
    promotion.refresh_from_db()
    assert promotion.policy_revision.number == 2
    page = page_of(promotion)
    assert "is in force now" not in page
    assert "Dana Ortiz restarted it under Own of loan revision 2 The floor came down." in timeline(page)


def test_a_restart_without_a_newer_policy_is_refused_on_the_page(loan: Model) -> None:
    assert send("dana", promotion_in("in_review"), "restart", words="Once more.").status_code == 409


def requested_by_one_who_left() -> Promotion:
    gus = factories.person("Gus Gone", Role.CONTRIBUTOR)
    version = factories.version_of(factories.model_named("loan"), by=gus)
    promotion = factories.finish_gates(open_promotion(version, to_stage=Stage.PRODUCTION, actor=gus))
    User.objects.filter(pk=gus.pk).update(is_active=False)
    return promotion


def test_a_contributor_takes_over_from_a_requester_who_left(loan: Model) -> None:
    promotion = requested_by_one_who_left()
    assert "Nobody sees to this promotion." in page_of(promotion, "riley")
    assert "take-over/" not in page_of(promotion, "riley")
    assert "take-over/" in page_of(promotion, "dana")
    assert send("riley", promotion, "take-over", words="Mine now.").status_code == 403
    assert send("dana", promotion, "take-over", words="Mine now.").status_code == 302
    page = page_of(promotion)
    assert "Nobody sees to this promotion." not in page
    assert "taken over by <strong>Dana Ortiz</strong>" in page
    assert "Dana Ortiz took it over Mine now." in timeline(page)


def test_a_take_over_without_a_reason_is_refused_beside_its_form(loan: Model) -> None:
    answer = send("dana", requested_by_one_who_left(), "take-over", words=" ")
    assert answer.status_code == 422
    notices = answer.content.decode().split('class="notices"')[1].split('class="split"')[0]
    assert 'role="alert"' in notices
    assert "take-over/" in notices


def test_nobody_takes_over_from_a_requester_who_is_there(loan: Model) -> None:
    promotion = promotion_in("in_review")
    cora = factories.person("Cora Steps", Role.CONTRIBUTOR)
    assert "take-over/" not in page_at(cora, f"/promotions/{promotion.pk}/")
    answer = client_of(cora).post(f"/promotions/{promotion.pk}/take-over/", {"words": "Mine."})
    assert answer.status_code == 409


def test_the_inbox_waits_on_who_took_it_over(loan: Model) -> None:
    promotion = requested_by_one_who_left()
    take_over_promotion(promotion, actor=persona("dana"), reason="Gus left.")
    send("riley", promotion, "review", verdict="request_changes", seal=promotion.seal, words="Say more.")
    promotion.refresh_from_db()
    assert promotion.state == "changes_requested"
    assert "Dana Ortiz" in section(page_at(persona("riley"), "/"), "others")


# --- Over --------------------------------------------------------------------------------------------


def test_an_open_promotion_says_when_it_expires_and_a_closed_one_why_it_did(loan: Model) -> None:
    promotion = promotion_in("in_review")
    assert promotion.expires_at is not None
    day = timezone.localtime(promotion.expires_at)
    assert f">{day.day} {day:%b %Y}</time>" in page_of(promotion).split("expires ")[1][:80]
    promotion = round_in(promotion, timedelta(days=91))
    page = page_of(promotion)
    assert "expires " not in section(page, "summary") + page.split('class="split"')[0]
    assert "It was open for as long as its policy allows." in page
    assert "Assaydesk closed it: its time was over" in timeline(page)
