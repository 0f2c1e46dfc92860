"""`assaydesk production`: what is live, and its files."""

import argparse
from pathlib import Path

from assaydesk_client.answers import Arm, Production
from assaydesk_client.client import Client
from assaydesk_client.commands.options import Subparsers, subcommand
from assaydesk_client.downloads import inside
from assaydesk_client.exits import Exit
from assaydesk_client.output import Output


def add_subcommand(subparsers: Subparsers) -> None:
    parser = subcommand(subparsers, "production", "Show what is live; with --download, fetch its files.", _run)
    parser.add_argument("model", metavar="MODEL", help="the model's name")
    parser.add_argument(
        "--download", type=Path, metavar="FOLDER", help="write each live version's files to FOLDER/VERSION/"
    )


def _run(client: Client, options: argparse.Namespace, output: Output) -> Exit:
    live = client.production(options.model)
    if options.download:
        _download(client, live, options.download, output)
    output.result("\n".join(map(_arm_line, live["arms"])), live)
    return Exit.DONE


def _download(client: Client, live: Production, folder: Path, output: Output) -> None:
    for arm in live["arms"]:
        for file in arm["artifact"]["files"]:
            target = inside(folder / str(arm["version"]), file["path"])
            client.download_artifact(live["model"], arm["version"], file, target)
            output.note(f"wrote {target} (SHA-256 {file['sha256']})")


def _arm_line(arm: Arm) -> str:
    label = f" ({arm['label']})" if arm["label"] else ""
    return f"version {arm['version']}{label} {arm['weight']}% since {arm['since']}, {arm['artifact']['digest']}"
