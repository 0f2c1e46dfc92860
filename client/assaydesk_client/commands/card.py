"""`assaydesk card`: add a card revision to a version."""

import argparse
from pathlib import Path

from assaydesk_client.answers import CardRevision
from assaydesk_client.client import Client
from assaydesk_client.commands.options import Subparsers, add_version, subcommand
from assaydesk_client.exits import Exit
from assaydesk_client.metadata import read_text
from assaydesk_client.output import Output


def add_subcommand(subparsers: Subparsers) -> None:
    parser = subcommand(subparsers, "card", "Add a model card (YAML front matter and Markdown).", _run)
    add_version(parser)
    parser.add_argument("card", metavar="CARD.md", type=Path)


def _run(client: Client, options: argparse.Namespace, output: Output) -> Exit:
    revision = client.put_card(options.model, options.version, read_text(options.card))
    output.result(card_line(revision), revision)
    return Exit.DONE


def card_line(revision: CardRevision) -> str:
    """One line about a card, naming the sections it lacks."""
    missing = ", ".join(revision["sections_missing"])
    return f"card revision {revision['revision']}" + (f", still missing: {missing}" if missing else ", complete")
