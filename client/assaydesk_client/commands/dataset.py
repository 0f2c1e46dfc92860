"""`assaydesk dataset`: create a dataset, point at one, lock one, fetch its inputs."""

import argparse
import sys
import tempfile
from pathlib import Path

from assaydesk_client.answers import DatasetVersion
from assaydesk_client.client import Client
from assaydesk_client.commands.options import TASKS, Subparsers, dataset_version, subcommand
from assaydesk_client.errors import Misuse
from assaydesk_client.exits import Exit
from assaydesk_client.output import Output


def add_subcommand(subparsers: Subparsers) -> None:
    summary = "Create, point at or lock datasets; fetch a locked dataset's inputs."
    parser = subparsers.add_parser("dataset", help=summary, description=summary, allow_abbrev=False)
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    _add_create(actions)
    _add_pointer(actions)
    _add_lock(actions)
    _add_inputs(actions)


def _add_create(actions: Subparsers) -> None:
    parser = subcommand(actions, "create", "Create a dataset, still without versions.", _create)
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("--description", default="")


def _add_pointer(actions: Subparsers) -> None:
    parser = subcommand(actions, "pointer", "Add a version by reference, pinned by commit or digest.", _point)
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("--kind", required=True, choices=("git", "dvc", "table", "object"))
    parser.add_argument("--location", required=True)
    parser.add_argument("--pin", required=True, help="commit, snapshot, timestamp or digest; never 'latest'")


def _add_lock(actions: Subparsers) -> None:
    parser = subcommand(actions, "lock", "Hand over a CSV or Parquet file to be kept locked and judged on.", _lock)
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("file", metavar="FILE", type=Path, nargs="?")
    parser.add_argument("--from", metavar="s3://BUCKET/KEY", dest="source", help="has the server fetch it instead")
    parser.add_argument("--id", required=True, metavar="COLUMN", dest="id_column")
    labels = parser.add_mutually_exclusive_group(required=True)
    labels.add_argument("--target", default="", metavar="COLUMN")
    labels.add_argument("--unlabelled", action="store_true", help="rows without truth: versions are compared by them")
    parser.add_argument("--task", choices=TASKS, default="binary", help="what the target asks for (binary)")
    parser.add_argument("--positive", default="", metavar="VALUE", help="the binary target's value that counts as yes")
    parser.add_argument("--segment", action="append", default=[], metavar="COLUMN", dest="segments")
    parser.add_argument("--weight", default="", metavar="COLUMN", help="how much each row counts (all alike)")


def _add_inputs(actions: Subparsers) -> None:
    parser = subcommand(actions, "inputs", "Fetch ids and features (never the target) as CSV.", _inputs)
    parser.add_argument("dataset", metavar="NAME@NUMBER", type=dataset_version)
    parser.add_argument("--output", type=Path, metavar="FILE.csv", help="default: standard output")


def _create(client: Client, options: argparse.Namespace, output: Output) -> Exit:
    dataset = client.create_dataset(options.name, options.description)
    output.result(dataset["name"], dataset)
    return Exit.DONE


def _point(client: Client, options: argparse.Namespace, output: Output) -> Exit:
    version = client.point_dataset(options.name, kind=options.kind, location=options.location, pin=options.pin)
    return _print_version(version, output)


def _lock(client: Client, options: argparse.Namespace, output: Output) -> Exit:
    if (options.file is None) == (options.source is None):
        raise Misuse("Name either a file or a place with --from.", "A file is uploaded; the server fetches from S3.")
    if options.target and options.task == "binary" and not options.positive:
        raise Misuse("A binary target needs --positive.", "Name its value that counts as yes, or another --task.")
    version = client.lock_dataset(
        options.name,
        options.source or options.file,
        id_column=options.id_column,
        target=options.target,
        task=options.task,
        positive=options.positive,
        segments=options.segments,
        weight=options.weight,
        progress=output.progress(options.file) if options.file else None,
    )
    return _print_version(version, output)


def _print_version(version: DatasetVersion, output: Output) -> Exit:
    output.result(f"{version['dataset']}@{version['version']}", version)
    return Exit.DONE


def _inputs(client: Client, options: argparse.Namespace, output: Output) -> Exit:
    name, number = options.dataset
    if options.output:
        client.download_inputs(name, number, options.output)
        output.note(f"wrote {options.output}")
        return Exit.DONE
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "inputs.csv")
        client.download_inputs(name, number, file)
        sys.stdout.write(file.read_text(encoding="utf-8"))
    return Exit.DONE
