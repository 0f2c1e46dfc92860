"""`assaydesk predict`: hand in predictions for a locked dataset."""

import argparse
from pathlib import Path

from assaydesk_client.answers import MetricValue
from assaydesk_client.client import Client
from assaydesk_client.commands.options import Subparsers, add_version, dataset_version, subcommand
from assaydesk_client.exits import Exit
from assaydesk_client.output import Output


def add_subcommand(subparsers: Subparsers) -> None:
    summary = "Hand in predictions (CSV: id,score or id,prediction) of a version that the server can't run itself."
    parser = subcommand(subparsers, "predict", summary, _run)
    add_version(parser)
    parser.add_argument("--dataset", required=True, type=dataset_version, metavar="NAME@NUMBER")
    parser.add_argument("--predictions", required=True, type=Path, metavar="FILE.csv")


def _run(client: Client, options: argparse.Namespace, output: Output) -> Exit:
    name, number = options.dataset
    evaluation = client.hand_in_predictions(
        options.model,
        options.version,
        options.predictions,
        dataset=f"{name}@{number}",
        progress=output.progress(options.predictions),
    )
    lines = [f"evaluation {evaluation['evaluation']} ({evaluation['provenance']})"]
    lines += map(_metric_line, evaluation["metrics"])
    output.result("\n".join(lines), evaluation)
    return Exit.DONE


def _metric_line(entry: MetricValue) -> str:
    where = f" {entry['column']}={entry['segment']}" if entry["column"] else ""
    return f"{entry['metric']}{where} {_figure(entry['value'])} on {entry['n']} rows"


def _figure(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.4f}"
