"""`assaydesk history`: what was live when, and why it ended."""

import argparse

from assaydesk_client.answers import Term
from assaydesk_client.client import Client
from assaydesk_client.commands.options import Subparsers, subcommand
from assaydesk_client.exits import Exit
from assaydesk_client.output import Output


def add_subcommand(subparsers: Subparsers) -> None:
    parser = subcommand(subparsers, "history", "Show what was live when; with --at, at one moment.", _run)
    parser.add_argument("model", metavar="MODEL", help="the model's name")
    parser.add_argument("--at", metavar="MOMENT", help="a moment with its offset, like 2026-03-01T03:00:00+01:00")


def _run(client: Client, options: argparse.Namespace, output: Output) -> Exit:
    terms = list(client.history(options.model, at=options.at))
    output.result("\n".join(map(_term_line, terms)) or f"Nothing of {options.model} was live.", terms)
    return Exit.DONE


def _term_line(term: Term) -> str:
    label = f" ({term['label']})" if term["label"] else ""
    by = f" by {term['by']}" if term["by"] else ""
    end = f"to {term['until']}, {term['ended_because']}" if term["until"] else "and live now"
    return f"version {term['version']}{label}: from {term['since']}, {term['because']}{by}, {end}"
