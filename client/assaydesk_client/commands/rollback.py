"""`assaydesk rollback`: put what was live before back into Production, at once."""

import argparse

from assaydesk_client.client import Client
from assaydesk_client.commands.options import Subparsers, positive, subcommand
from assaydesk_client.errors import Misuse
from assaydesk_client.exits import Exit
from assaydesk_client.output import Output


def add_subcommand(subparsers: Subparsers) -> None:
    summary = "Put the previous version (or one named) back into Production, at once."
    parser = subcommand(subparsers, "rollback", summary, _run)
    parser.add_argument("model", metavar="MODEL", help="the model's name")
    parser.add_argument("--reason", required=True, help="why; it stands in the record")
    parser.add_argument("--to", type=positive, metavar="VERSION", help="the number of a version that was live before")
    parser.add_argument("--take-down", action="store_true", help="leave nothing live instead")
    expected = "do it only while this version is live; within ten minutes of a rollback the next one must say it"
    parser.add_argument("--expected-live", type=positive, metavar="VERSION", help=expected)


def _run(client: Client, options: argparse.Namespace, output: Output) -> Exit:
    if options.take_down and options.to:
        raise Misuse("--take-down leaves nothing live, so there is no --to.", "Choose one of them.")
    if options.take_down:
        live = client.take_down(options.model, reason=options.reason, expected_live=options.expected_live)
        output.result(f"Nothing of {options.model} is live any more.", live)
        return Exit.DONE
    live = client.roll_back(options.model, reason=options.reason, to=options.to, expected_live=options.expected_live)
    for warning in live.get("warnings", []):
        output.note(warning)
    names = ", ".join(arm["label"] or f"version {arm['version']}" for arm in live["arms"])
    output.result(f"{options.model}: {names} is live again. Somebody else will look at it afterwards.", live)
    return Exit.DONE
