"""`assaydesk card`: add a card revision to a version, or print the one it has."""

import argparse
from pathlib import Path

from assaydesk_client.answers import CardRevision
from assaydesk_client.client import Client
from assaydesk_client.commands.options import Subparsers, add_version, subcommand
from assaydesk_client.downloads import write_atomically
from assaydesk_client.errors import Misuse
from assaydesk_client.exits import Exit
from assaydesk_client.metadata import read_text
from assaydesk_client.output import Output


def add_subcommand(subparsers: Subparsers) -> None:
    summary = "Add a model card (YAML front matter and Markdown), or print the newest one."
    parser = subcommand(subparsers, "card", summary, _run)
    add_version(parser)
    parser.add_argument("card", metavar="CARD.md", type=Path, nargs="?", help="what to add; without it, print the card")
    parser.add_argument("--output", type=Path, metavar="FILE.md", help="where to write the card, to the byte")
    parser.add_argument(
        "--huggingface", action="store_true", help="as a README.md with its figures and a model-index of the evidence"
    )


def _run(client: Client, options: argparse.Namespace, output: Output) -> Exit:
    if options.card is None:
        return _print(client, options, output)
    if options.output or options.huggingface:
        raise Misuse("--output and --huggingface are for a card to be printed, not for one to be added.")
    revision = client.put_card(options.model, options.version, read_text(options.card))
    output.result(card_line(revision), revision)
    return Exit.DONE


def _print(client: Client, options: argparse.Namespace, output: Output) -> Exit:
    text = client.card(options.model, options.version, hugging_face=options.huggingface)
    if options.output is None:
        output.result(text.rstrip("\n"), {"text": text})
        return Exit.DONE
    with write_atomically(options.output) as sink:
        sink.write(text.encode())
    output.result(f"wrote {options.output}", {"file": str(options.output)})
    return Exit.DONE


def card_line(revision: CardRevision) -> str:
    """One line about a card, naming the sections it lacks."""
    missing = ", ".join(revision["sections_missing"])
    return f"card revision {revision['revision']}" + (f", still missing: {missing}" if missing else ", complete")
