"""`assaydesk metrics`: say what the pipeline measured itself."""

import argparse
from pathlib import Path

from assaydesk_client.client import Client
from assaydesk_client.commands.options import Subparsers, add_version, dataset_version, subcommand
from assaydesk_client.errors import Misuse
from assaydesk_client.exits import Exit
from assaydesk_client.metadata import read_metadata
from assaydesk_client.output import Output


def add_subcommand(subparsers: Subparsers) -> None:
    summary = "Say what the pipeline measured itself: shown as reported, never taken for evidence."
    parser = subcommand(subparsers, "metrics", summary, _run)
    add_version(parser)
    parser.add_argument("--dataset", required=True, type=dataset_version, metavar="NAME@NUMBER")
    parser.add_argument("--metrics", required=True, type=Path, metavar="FILE", help="values by metric, JSON or TOML")


def _run(client: Client, options: argparse.Namespace, output: Output) -> Exit:
    name, number = options.dataset
    metrics = read_metadata(options.metrics)
    wrong = next((key for key, value in metrics.items() if isinstance(value, bool) or not _is_number(value)), None)
    if wrong is not None:
        raise Misuse(f"{options.metrics}: {wrong} is no number.", 'Write it like {"auc": 0.87}.')
    reported = client.report_metrics(options.model, options.version, dataset=f"{name}@{number}", metrics=metrics)
    output.result("\n".join(f"{each['metric']} {each['value']:.4g} (reported)" for each in reported), reported)
    return Exit.DONE


def _is_number(value: object) -> bool:
    return isinstance(value, int | float)
