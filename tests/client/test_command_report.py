"""`assaydesk report`: an external check's answer from CI; and what reviewers read of exceptions in `review`."""

from collections.abc import Callable

import pytest

from tests.client.recorded import gate, promotion
from tests.client.scripted_server import ScriptedServer

Command = Callable[..., int]
REPORT = ("report", 7, "bias-audit", "passed", "--summary", "No group differs.")
PATH = "POST /promotions/7/gates/bias-audit/report"


def test_a_report_sends_the_answer_and_says_where_the_promotion_is(
    assaydesk: Command, server: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answer(PATH, promotion("in_review"))
    assert assaydesk(*REPORT) == 0
    assert server.calls[0].json == {"outcome": "passed", "summary": "No group differs.", "url": "", "artifact": ""}
    assert capsys.readouterr().out == "promotion 7: loans 3 to Production, in review, http://desk/promotions/7/\n"


def test_link_and_digest_of_what_was_checked_go_along(assaydesk: Command, server: ScriptedServer) -> None:
    server.answer(PATH, promotion("in_review"))
    assert assaydesk(*REPORT, "--link", "https://bench.example.org/7", "--artifact", "sha256:abc") == 0
    sent = server.calls[0].json
    assert (sent["url"], sent["artifact"]) == ("https://bench.example.org/7", "sha256:abc")


def test_a_check_of_another_artifact_is_refused(
    assaydesk: Command, server: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    server.refuse(PATH, 409, "other_artifact", "The check was of abc.", "Check the version that is to be promoted.")
    assert assaydesk(*REPORT, "--artifact", "sha256:abc") == 1
    assert "Check the version that is to be promoted." in capsys.readouterr().err


def test_who_is_not_asked_to_report_is_told_who_is(
    assaydesk: Command, server: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    server.refuse(PATH, 403, "not_reporter", "You can't report the gate bias-audit.", "bench reports it.")
    assert assaydesk(*REPORT) == 4
    assert "bench reports it." in capsys.readouterr().err


@pytest.mark.parametrize(
    "wrong",
    [
        ("report", 7, "bias-audit", "inconclusive", "--summary", "x"),
        ("report", 7, "bias-audit", "passed"),
        ("report", "x", "bias-audit", "passed", "--summary", "x"),
    ],
)
def test_anything_but_a_clear_answer_sends_nothing(
    assaydesk: Command, server: ScriptedServer, wrong: tuple[object, ...]
) -> None:
    with pytest.raises(SystemExit) as ended:
        assaydesk(*wrong)
    assert ended.value.code == 2
    assert server.calls == []


def test_review_shows_waivers_and_what_holds_an_approved_promotion_back(
    assaydesk: Command, server: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    waived = gate("floor", "failed", "AUC 0.58", waiver={"by": "sam", "reason": "Known.", "at": "", "expires_at": None})
    held = ["Bias audit is still waiting: to be reported by bench"]
    server.answer("GET /promotions/7", promotion("approved", gates=[waived], held_by=held))
    assert assaydesk("review", 7) == 0
    shown = capsys.readouterr().out
    assert "failed       Floor (floor): AUC 0.58; waived by sam: Known." in shown
    assert "held: Bias audit is still waiting: to be reported by bench" in shown


def test_promote_can_ask_for_not_before_a_moment(assaydesk: Command, server: ScriptedServer) -> None:
    server.answer("POST /models/loans/versions/3/promotions", promotion())
    moment = "2026-03-01T03:00:00+01:00"
    assert assaydesk("promote", "loans", 3, "--to", "Production", "--reason", "Better.", "--not-before", moment) == 0
    assert server.calls[0].json == {"to": "Production", "reason": "Better.", "not_before": moment}
