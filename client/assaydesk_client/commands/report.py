"""`assaydesk report`: hand in what an external check found."""

import argparse

from assaydesk_client.client import Client
from assaydesk_client.commands.options import Subparsers, positive, subcommand
from assaydesk_client.commands.promote import promotion_line
from assaydesk_client.exits import Exit
from assaydesk_client.output import Output


def add_subcommand(subparsers: Subparsers) -> None:
    parser = subcommand(subparsers, "report", "Report what an external check of a promotion found.", _run)
    parser.add_argument("promotion", metavar="PROMOTION", type=positive, help="the promotion's number")
    parser.add_argument("gate", metavar="GATE", help="the gate's key in the policy")
    parser.add_argument("outcome", choices=("passed", "failed"))
    parser.add_argument("--summary", required=True, help="what was checked and found, in a line")
    parser.add_argument("--link", default="", metavar="URL", help="where to read more")
    parser.add_argument(
        "--artifact", default="", metavar="DIGEST", help="the digest of what was checked; refused if it is another"
    )


def _run(client: Client, options: argparse.Namespace, output: Output) -> Exit:
    promotion = client.report_gate(
        options.promotion,
        options.gate,
        outcome=options.outcome,
        summary=options.summary,
        url=options.link,
        artifact=options.artifact,
    )
    output.result(promotion_line(promotion), promotion)
    return Exit.DONE
