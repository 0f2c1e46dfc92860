"""Pieces of command line that several subcommands share."""

import argparse
from collections.abc import Callable
from typing import TypeAlias

from assaydesk_client.client import Client
from assaydesk_client.exits import Exit
from assaydesk_client.output import Output

# argparse has no public name for this.
Subparsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
TASKS = ("binary", "multiclass", "regression")
Run = Callable[[Client, argparse.Namespace, Output], Exit]


def subcommand(subparsers: Subparsers, name: str, summary: str, run: Run) -> argparse.ArgumentParser:
    """A subcommand that `run` carries out. Long options can't be shortened: scripts outlive abbreviations."""
    parser = subparsers.add_parser(name, help=summary, description=summary, allow_abbrev=False)
    parser.set_defaults(run=run)
    return parser


def add_version(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help="the model's name")
    parser.add_argument("version", metavar="VERSION", type=positive, help="the version's number")


def add_waiting(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--wait", action="store_true", help="wait for the decision; the exit code tells it")
    parser.add_argument(
        "--until",
        choices=("decided", "in-review"),
        default="decided",
        help="what to wait for: people's decision (default), or only that all gates let it into review",
    )
    add_timeout(parser)


def add_timeout(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--timeout", type=seconds, default=3600.0, metavar="SECONDS", help="longest time to wait (3600)"
    )


def positive(text: str) -> int:
    """A whole number from 1."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number from 1")
    return number


def seconds(text: str) -> float:
    """A time of zero or more seconds."""
    number = float(text)
    if not 0 <= number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a number of seconds")
    return number


def dataset_version(text: str) -> tuple[str, int]:
    """`name@1` as name and number."""
    name, at, number = text.rpartition("@")
    if not at or not name or not number.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} names no dataset version; write NAME@NUMBER, like loans@1")
    return name, int(number)
