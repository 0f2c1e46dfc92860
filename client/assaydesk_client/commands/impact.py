"""`assaydesk impact`: what was built on a dataset version, a commit, a feature or a base model."""

import argparse

from assaydesk_client.client import Client
from assaydesk_client.commands.options import Subparsers, subcommand
from assaydesk_client.exits import Exit
from assaydesk_client.output import Output

KINDS = {
    "dataset": ("NAME@NUMBER", "a dataset version"),
    "commit": ("COMMIT", "a code commit, all 40 digits"),
    "feature": ("NAME", "an input's name"),
    "base": ("NAME@NUMBER", "a version others are derived from, or the URI of a base that isn't registered"),
}


def add_subcommand(subparsers: Subparsers) -> None:
    parser = subcommand(subparsers, "impact", "List the versions built on one thing, what is live first.", _run)
    asked = parser.add_mutually_exclusive_group(required=True)
    for kind, (written, meaning) in KINDS.items():
        asked.add_argument(f"--{kind}", metavar=written, help=meaning)


def _run(client: Client, options: argparse.Namespace, output: Output) -> Exit:
    kind = next(kind for kind in KINDS if getattr(options, kind) is not None)
    found = client.impact(kind, getattr(options, kind))
    if defect := found["defect"]:
        output.note(f"{defect['reported_by']} reports a bug in it: {defect['reason']}")
    if found["more_versions"]:
        output.note(f"There are more than these {len(found['versions'])} versions.")
    if found["hidden"]:
        output.note(f"{found['hidden']} versions of models you can't see are not listed.")
    lines = [f"{each['model']} {each['version']} {each['stage']}" for each in found["versions"]]
    output.result("\n".join(lines), found)
    return Exit.DONE
