"""Who gets a letter, when, how often, and what stands in it."""

import re
from typing import Any

import pytest
from django.test import Client

from accounts.actions import edit_person, grant_role, issue_token
from accounts.models import User
from accounts.roles import Role
from approvals.actions import publish_policy, rerun_gate, review_promotion, withdraw_promotion
from approvals.intake import revise_card
from approvals.models import Promotion, State
from approvals.notifications import tell
from registry.models import Model, Stage, Version
from tests import factories
from tests.factories import persona
from work.mail_headers import headers_of
from work.models import Mail


def letters(*kinds: str) -> list[tuple[str, str]]:
    """(username, kind) of every letter about a promotion to Production so far, by recipient."""
    found = Mail.objects.filter(subject__contains="to Production").order_by("recipient", "pk")
    found = found.filter(kind__in=kinds) if kinds else found
    return [(mail.recipient.partition("@")[0], mail.kind) for mail in found]


def approve(promotion: Promotion, who: str, slot: str) -> None:
    factories.approve(promotion, persona(who), slot=slot)


# --- When it enters review ----------------------------------------------------------------------------


def test_reviewers_who_can_fill_a_slot_get_one_letter_when_the_gates_are_through(version: Version) -> None:
    promotion = factories.promotion_in(State.CHECKING, version=version)
    assert letters() == []
    factories.run_gates(promotion)
    assert letters() == [("riley", "review"), ("sam", "review")]


def test_those_who_can_not_decide_get_none(version: Version) -> None:
    grant_role(Role.APPROVER, to=persona("dana"), actor=None)  # the requester
    self_made = factories.person("Selma Made")
    grant_role(Role.REVIEWER, to=self_made, actor=self_made)
    left = factories.person("Lee Left", Role.REVIEWER)
    left.is_active = False
    edit_person(left, actor=None)
    factories.person("Ed Elsewhere", Role.APPROVER, model=factories.model_named("other"))
    factories.promotion_in(State.IN_REVIEW, version=version)
    assert [name for name, _ in letters()] == ["riley", "sam"]


def test_a_group_slot_writes_to_its_members_only(loan: Model, version: Version) -> None:
    slots = [{"key": "legal", "role": "approver", "group": "legal"}]
    publish_policy("Own", {"slots": slots}, actor=None, target_stage=Stage.PRODUCTION, model=loan)
    factories.promotion_in(State.IN_REVIEW, version=version)
    assert letters() == []


def test_a_rerun_that_changes_nothing_writes_no_second_letter(version: Version) -> None:
    promotion = factories.run_gates(factories.promotion_in(State.CHECKING, version=version))
    rerun_gate(promotion, "integrity", actor=persona("dana"), reason="To be sure.")
    factories.run_gates(promotion)
    assert letters() == [("riley", "review"), ("sam", "review")]


def test_who_is_asked_again_hears_why_and_who_still_stands_is_left_alone(loan: Model, version: Version) -> None:
    slots = [{"key": "words"}, {"key": "numbers", "role": "approver", "rests_on": ["baseline"]}]
    publish_policy("Own", {"slots": slots}, actor=None, target_stage=Stage.PRODUCTION, model=loan)
    promotion = factories.promotion_in(State.IN_REVIEW, version=version)
    approve(promotion, "sam", "numbers")
    Mail.objects.all().delete()
    revise_card(version, text=f"{factories.CARD}\nMore.", actor=persona("dana"))
    assert letters() == [("riley", "review")]
    assert "asked for again" in Mail.objects.get().text


# --- To whoever brought it -------------------------------------------------------------------------------


def test_the_requester_hears_of_a_block_with_what_failed(version: Version) -> None:
    promotion = factories.promotion_in(State.CHECKING, version=version)
    factories.finish_gates(promotion, quality_floor="failed", card="error")
    assert letters() == [("dana", "blocked")]
    text = Mail.objects.get(kind="blocked").text
    assert "- Failed: quality-floor failed" in text
    assert "- Error: card error" in text
    assert "no-loss" not in text


def test_the_requester_hears_of_the_decision_once(in_review: Promotion) -> None:
    Mail.objects.all().delete()
    approve(in_review, "riley", "model")
    assert letters() == []
    approve(in_review, "sam", "risk")
    assert letters() == [("dana", "decided")]


@pytest.mark.parametrize(("verdict", "title"), [("reject", "Rejected"), ("request_changes", "Changes requested")])
def test_the_requester_hears_a_refusal_in_the_reviewer_s_words(in_review: Promotion, verdict: str, title: str) -> None:
    Mail.objects.all().delete()
    review_promotion(
        in_review, actor=persona("riley"), verdict=verdict, seal=in_review.seal, comment="Say who it fails."
    )
    assert letters() == [("dana", "decided")]
    text = Mail.objects.get().text
    assert f"{title} by Riley Chen" in text
    assert "“Say who it fails.”" in text


def test_the_person_a_service_acted_for_hears_too(version: Version) -> None:
    behind = factories.person("Bea Behind", Role.CONTRIBUTOR)
    promotion = factories.promotion_in(State.CHECKING, version=version)
    Promotion.objects.filter(pk=promotion.pk).update(on_behalf_of=behind)
    factories.finish_gates(promotion, card="failed")
    assert sorted(letters()) == sorted([("dana", "blocked"), (behind.username, "blocked")])


def test_nobody_is_told_of_their_own_doing(in_review: Promotion) -> None:
    Mail.objects.all().delete()
    withdraw_promotion(in_review, actor=persona("dana"), reason="A better one comes.")
    assert letters() == []


# --- What stands in it ---------------------------------------------------------------------------------------


def test_a_letter_has_text_and_html_and_a_job_that_sends_it(in_review: Promotion) -> None:
    for mail in Mail.objects.filter(kind="review", subject__contains="Production"):
        assert mail.text.startswith(f"Hello {User.objects.get(email=mail.recipient).display_name},")
        assert mail.html.lstrip().startswith("<!doctype html>")
        assert mail.thread == f"promotion-{in_review.pk}"
        assert mail.job is not None
        assert mail.job.queue == "mail"


def test_the_link_is_of_the_public_address_whatever_host_a_request_named(version: Version, settings: Any) -> None:
    settings.PUBLIC_URL = "https://desk.example.org"
    settings.ALLOWED_HOSTS = ["*"]
    promotion = factories.promotion_in(State.IN_REVIEW, version=version)
    _, text = issue_token(persona("riley"), actor=None, scopes=["review"], days=1)
    answer = Client().post(
        f"/api/v1/promotions/{promotion.pk}/reviews",
        {"verdict": "reject", "comment": "No.", "seal": promotion.seal},
        content_type="application/json",
        headers={"Authorization": f"Bearer {text}", "Host": "evil.example.com", "X-Forwarded-Host": "evil.example.com"},
    )
    assert answer.status_code == 200
    for mail in Mail.objects.filter(subject__contains="Production"):
        links = set(re.findall(r"https?://[^\s\"<]+", mail.text + mail.html))
        assert links == {
            f"https://desk.example.org/promotions/{promotion.pk}/",
            "https://desk.example.org/account/#letters",
            mail.unsubscribe,
        }
        assert mail.unsubscribe.startswith("https://desk.example.org/letters/stop/")


ODD = '<script>alert(1)</script> & "v2" {{ 7 }}'


def test_odd_characters_in_names_and_words_are_harmless(loan: Model) -> None:
    riley = persona("riley")
    riley.first_name, riley.last_name = "<b>Riley", "Chen</b>"
    edit_person(riley, actor=None)
    version = factories.version_of(loan, label=ODD)
    factories.evidence_of(version)
    promotion = factories.promotion_in(State.IN_REVIEW, version=version)
    review_promotion(
        promotion, actor=riley, verdict="reject", seal=promotion.seal, comment="<img src=x onerror=alert(1)>"
    )
    html = "".join(Mail.objects.filter(subject__contains="script").values_list("html", flat=True))
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;v2&quot; {{ 7 }}" in html
    for raw in ("<script", "<img", "<b>"):
        assert raw not in html
    text = Mail.objects.get(recipient="dana@example.org", gist__startswith="Rejected").text
    assert ODD in text  # plain text is read as it is


def test_a_line_break_in_a_label_starts_no_header(loan: Model) -> None:
    version = factories.version_of(loan, label="1.0\r\nBcc: everybody@example.org")
    factories.evidence_of(version)
    factories.promotion_in(State.IN_REVIEW, version=version)
    for subject in Mail.objects.values_list("subject", flat=True):
        assert subject.splitlines() == [subject]


# --- As one thread in a mail program ------------------------------------------------------------------


def test_letters_about_a_promotion_make_one_thread_for_each_person(in_review: Promotion) -> None:
    revise_card(in_review.version, text=f"{factories.CARD}\nMore.", actor=persona("dana"))
    factories.run_gates(in_review)
    revise_card(in_review.version, text=f"{factories.CARD}\nEven more.", actor=persona("dana"))
    factories.run_gates(in_review)
    mails = Mail.objects.filter(recipient="riley@example.org", subject__contains="Production").order_by("pk")
    first, *others = [headers_of(mail) for mail in mails]
    assert len(others) == 2
    plain = f"{in_review.version} to Production (promotion {in_review.pk})"
    assert [mail.subject for mail in mails] == [plain, f"Re: {plain}", f"Re: {plain}"]
    assert "References" not in first
    assert {headers["References"] for headers in others} == {first["Message-ID"]}
    assert {headers["In-Reply-To"] for headers in others} == {first["Message-ID"]}
    everybody = [headers_of(mail)["Message-ID"] for mail in Mail.objects.all()]
    assert len(set(everybody)) == len(everybody)


def test_two_promotions_are_two_threads(version: Version) -> None:
    promotion = factories.promotion_in(State.IN_REVIEW, version=version)
    withdraw_promotion(promotion, actor=persona("dana"), reason="Once more.")
    factories.promotion_in(State.IN_REVIEW, version=version)
    asked = Mail.objects.filter(recipient="sam@example.org", kind="review", subject__contains="Production")
    assert len({mail.subject for mail in asked}) == 2
    assert not any("References" in headers_of(mail) for mail in asked)


# --- Anything else that should be told ----------------------------------------------------------------


def test_whatever_happened_can_be_told_once_in_the_same_shape(in_review: Promotion, settings: Any) -> None:
    Mail.objects.all().delete()
    for _ in range(2):
        tell(
            in_review,
            letter="waived",
            people=[persona("omar")],
            once="waived-1",
            title="A failed gate was waived",
            lines=["The first line.", "The second."],
            said="It is <b>known</b>.\nAnd small.",
            points=[("Failed", "latency over 20 ms")],
            path="/exceptions/",
            button="Look at it",
        )
    mail = Mail.objects.get()
    assert mail.recipient == "omar@example.org"
    for shown in ("A failed gate was waived", "The first line.", "The second.", "latency over 20 ms", "Look at it"):
        assert shown in mail.text
        assert shown in mail.html
    assert f"{settings.PUBLIC_URL}/exceptions/" in mail.text
    assert "“It is <b>known</b>.\n  And small.”" in mail.text
    assert "It is &lt;b&gt;known&lt;/b&gt;.<br>And small." in mail.html


def test_what_is_told_of_a_model_leads_to_its_page(loan: Model) -> None:
    Mail.objects.all().delete()
    tell(loan, letter="operated", people=[persona("omar")], once="1", title="loan was rolled back")
    mail = Mail.objects.get()
    assert mail.subject == "loan was rolled back"
    assert mail.link.endswith("/models/loan/")
    assert "Open the model" in mail.html
