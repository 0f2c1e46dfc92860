"""`assaydesk promote`: ask for a version to be moved to a stage, and wait for the decision."""

import argparse

from assaydesk_client.answers import Gate, Promotion
from assaydesk_client.client import Client
from assaydesk_client.commands.options import Subparsers, add_version, add_waiting, subcommand
from assaydesk_client.exits import Exit
from assaydesk_client.output import Output
from assaydesk_client.waiting import CLOSED, STUCK, wait_for_promotion

RUNNING = "pending"
UNTIL = {"decided": CLOSED | STUCK, "in-review": CLOSED | STUCK | {"in_review", "approved"}}


def add_subcommand(subparsers: Subparsers) -> None:
    summary = "Open a promotion: ask for a version to be moved to Staging or Production."
    parser = subcommand(subparsers, "promote", summary, _run)
    add_version(parser)
    parser.add_argument("--to", required=True, metavar="STAGE", help="Staging or Production")
    parser.add_argument("--reason", required=True, help="why, in your own words; reviewers read it")
    parser.add_argument("--on-behalf-of", metavar="USERNAME", help="the person a pipeline acts for")
    parser.add_argument(
        "--not-before", metavar="MOMENT", help="once approved, wait until then; like 2026-03-01T03:00:00+01:00"
    )
    add_waiting(parser)


def _run(client: Client, options: argparse.Namespace, output: Output) -> Exit:
    promotion = client.open_promotion(
        options.model,
        options.version,
        to=options.to,
        reason=options.reason,
        on_behalf_of=options.on_behalf_of,
        not_before=options.not_before,
    )
    if options.wait:
        return follow(client, promotion, options, output)
    output.result(promotion_line(promotion), promotion)
    return Exit.DONE


def follow(client: Client, promotion: Promotion, options: argparse.Namespace, output: Output) -> Exit:
    """Waits as the options say, notes gates as they finish, prints the end, and judges it."""
    end = settle(client, promotion, options, output)
    output.result(promotion_line(end), end)
    return verdict_of(end, options.until)


def settle(client: Client, promotion: Promotion, options: argparse.Namespace, output: Output) -> Promotion:
    """The promotion at the end of the wait the options ask for; gates are noted as they finish."""
    output.note(promotion_line(promotion))
    until = UNTIL[options.until]
    return wait_for_promotion(client, promotion["id"], until=until, timeout=options.timeout, seen=GateNotes(output))


def verdict_of(promotion: Promotion, until: str) -> Exit:
    """DONE when what was waited for came true, REFUSED when it can't come true any more."""
    good = {"completed"} if until == "decided" else {"completed", "in_review", "approved"}
    return Exit.DONE if promotion["state"] in good else Exit.REFUSED


class GateNotes:
    """Notes every gate once when its outcome is there, and again when a further run has ended."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._noted: set[tuple[str, int, str]] = set()

    def __call__(self, promotion: Promotion) -> None:
        for gate in promotion["gates"]:
            ended = gate["key"], gate["run"], gate["outcome"]
            if gate["outcome"] != RUNNING and ended not in self._noted:
                self._noted.add(ended)
                self._output.note(gate_line(gate))


def gate_line(gate: Gate) -> str:
    """`  inconclusive No loss against Production (auc-kept): AUC −0.008 …; acknowledged by riley`"""
    outcome = "running" if gate["outcome"] == RUNNING else gate["outcome"]
    summary = f": {gate['summary']}" if gate["summary"] else ""
    seen = f"; acknowledged by {gate['acknowledged_by']}" if gate["acknowledged_by"] else ""
    waiver = gate.get("waiver")
    waived = f"; waived by {waiver['by']}: {waiver['reason']}" if waiver else ""
    return f"  {outcome:12} {gate['title']} ({gate['key']}){summary}{seen}{waived}"


def promotion_line(promotion: Promotion) -> str:
    """`promotion 7: loan-approval 3 to Production, in review, https://…`"""
    what = f"{promotion['model']} {promotion['version']} to {promotion['to_stage']}"
    return f"promotion {promotion['id']}: {what}, {promotion['state_title'].lower()}, {promotion['url']}"
