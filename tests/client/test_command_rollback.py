"""`assaydesk rollback`: what is sent, what is printed, and the exit codes an on-call script needs."""

from collections.abc import Callable

import pytest

from tests.client.recorded import production
from tests.client.scripted_server import ScriptedServer

Command = Callable[..., int]
ROLLBACK = ("rollback", "loans", "--reason", "Refuses everybody.")
PATH = "POST /models/loans/rollback"


def test_rollback_sends_the_reason_and_says_what_is_live(
    assaydesk: Command, server: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answer(PATH, production([]))
    assert assaydesk(*ROLLBACK) == 0
    assert server.calls[0].json == {"reason": "Refuses everybody.", "to": None, "expected_live": None}
    assert capsys.readouterr().out == "loans: 1.2.0 is live again. Somebody else will look at it afterwards.\n"


def test_a_version_and_what_is_expected_to_be_live_can_be_named(assaydesk: Command, server: ScriptedServer) -> None:
    server.answer(PATH, production([]))
    assert assaydesk(*ROLLBACK, "--to", 3, "--expected-live", 5) == 0
    assert server.calls[0].json == {"reason": "Refuses everybody.", "to": 3, "expected_live": 5}


def test_a_warning_is_printed_beside_the_result(
    assaydesk: Command, server: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answer(PATH, production([]) | {"warnings": ["A bug is reported in commit cccccccccccc."]})
    assert assaydesk(*ROLLBACK, "--to", 3) == 0
    shown = capsys.readouterr()
    assert shown.err == "A bug is reported in commit cccccccccccc.\n"
    assert shown.out.startswith("loans: 1.2.0 is live again.")


def test_json_is_the_whole_answer(
    assaydesk: Command, server: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answer(PATH, production([]))
    assert assaydesk("--json", *ROLLBACK) == 0
    assert '"weight": 100' in capsys.readouterr().out


def test_what_went_live_meanwhile_is_a_refusal(
    assaydesk: Command, server: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    detail = "Not done: loans v6 is live now, not version 5."
    server.refuse(PATH, 409, "live_moved", detail, "Look again, then decide.", live=6)
    assert assaydesk(*ROLLBACK, "--expected-live", 5) == 1
    assert detail in capsys.readouterr().err


def test_who_is_no_operator_reads_who_is(
    assaydesk: Command, server: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    server.refuse(PATH, 403, "not_operator", "You are no operator of loans.", "Omar Haddad may.")
    assert assaydesk(*ROLLBACK) == 4
    assert "Omar Haddad may." in capsys.readouterr().err


def test_a_rollback_whose_answer_is_lost_is_not_sent_again(assaydesk: Command, server: ScriptedServer) -> None:
    server.hang_up(PATH)
    assert assaydesk(*ROLLBACK) == 3
    assert len(server.calls) == 1


def test_take_down_leaves_nothing_live(
    assaydesk: Command, server: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answer("POST /models/loans/take-down", {"model": "loans", "arms": []})
    assert assaydesk(*ROLLBACK, "--take-down", "--expected-live", 5) == 0
    assert server.calls[0].json == {"reason": "Refuses everybody.", "expected_live": 5}
    assert capsys.readouterr().out == "Nothing of loans is live any more.\n"


@pytest.mark.parametrize(
    "wrong", [("--take-down", "--to", 3), ("--to", 0), ("--to", "v1"), ("--expected-live", "x"), ("--force",)]
)
def test_wrong_usage_sends_nothing(assaydesk: Command, server: ScriptedServer, wrong: tuple[object, ...]) -> None:
    try:
        code = assaydesk(*ROLLBACK, *wrong)
    except SystemExit as exit_by_argparse:
        code = int(exit_by_argparse.code or 0)
    assert code == 2
    assert server.calls == []


def test_a_reason_is_required(assaydesk: Command, server: ScriptedServer) -> None:
    with pytest.raises(SystemExit) as ended:
        assaydesk("rollback", "loans")
    assert ended.value.code == 2
    assert server.calls == []
