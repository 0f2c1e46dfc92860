"""`assaydesk best`: which version has the best figure of a metric."""

import argparse

from assaydesk_client.client import Client
from assaydesk_client.commands.options import Subparsers, subcommand
from assaydesk_client.exits import Exit
from assaydesk_client.output import Output

_SUPERLATIVES = {"higher": "highest", "lower": "lowest", "zero": "nearest to zero,"}


def add_subcommand(subparsers: Subparsers) -> None:
    parser = subcommand(
        subparsers,
        "best",
        "Print the number of the version with the highest, lowest or nearest figure of a metric.",
        _run,
    )
    parser.add_argument("model", metavar="MODEL", help="the model's name")
    parser.add_argument("--metric", help="by default the model's primary metric")
    parser.add_argument("--direction", choices=("higher", "lower", "zero"), help="by default the metric's own")
    parser.add_argument("--dataset", metavar="NAME@NUMBER", help="by default the one most versions were measured on")


def _run(client: Client, options: argparse.Namespace, output: Output) -> Exit:
    found = client.best(options.model, metric=options.metric, direction=options.direction, dataset=options.dataset)
    label = f" ({found['label']})" if found["label"] else ""
    told = f"{_SUPERLATIVES[found['direction']]} {found['metric']} {found['value']:.6g} on {found['dataset']}"
    output.note(f"version {found['version']}{label}: {told}")
    output.result(str(found["version"]), found)
    return Exit.DONE
