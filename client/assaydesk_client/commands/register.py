"""`assaydesk register`: metadata, files and card of a version, then finalise it."""

import argparse
from http import HTTPStatus
from pathlib import Path
from typing import Any

from assaydesk_client.answers import Promotion, Version
from assaydesk_client.client import Client
from assaydesk_client.commands.card import card_line
from assaydesk_client.commands.options import TASKS, Subparsers, add_waiting, subcommand
from assaydesk_client.commands.promote import promotion_line, settle, verdict_of
from assaydesk_client.errors import AssaydeskError, Misuse, Refused
from assaydesk_client.exits import Exit
from assaydesk_client.metadata import read_metadata, read_text
from assaydesk_client.output import Output

MODEL_PROPERTIES = ("description", "use_case", "endpoint", "risk_tier", "primary_metric")


def add_subcommand(subparsers: Subparsers) -> None:
    summary = "Register a version: metadata, files and card; finalise it; print its number."
    parser = subcommand(subparsers, "register", summary, _run)
    parser.add_argument("model", metavar="MODEL", help="the model's name")
    parser.add_argument("--metadata", required=True, type=Path, metavar="FILE", help="version metadata, JSON or TOML")
    parser.add_argument("--artifact", required=True, type=Path, action="append", metavar="FILE", dest="artifacts")
    parser.add_argument("--card", type=Path, metavar="CARD.md", help="YAML front matter and Markdown")
    parser.add_argument("--task", choices=TASKS, help="what it predicts, over the metadata's (binary)")
    parser.add_argument(
        "--contract", type=Path, metavar="FILE", help="JSON or TOML: inputs, output, positive_class, classes"
    )
    parser.add_argument("--label", help="the version's label, over the metadata's")
    parser.add_argument("--on-behalf-of", metavar="USERNAME", help="the person a pipeline acts for")
    parser.add_argument("--promote", metavar="STAGE", help="also open a promotion to this stage")
    parser.add_argument("--reason", help="the promotion's reason (with --promote)")
    add_waiting(parser)
    _add_model_options(parser)


def _add_model_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("the model itself, when it doesn't exist yet")
    group.add_argument("--create", action="store_true", help="create the model if there is none")
    group.add_argument("--description")
    group.add_argument("--use-case")
    group.add_argument("--endpoint")
    group.add_argument("--risk-tier", choices=("low", "medium", "high"))
    group.add_argument("--primary-metric")


def _run(client: Client, options: argparse.Namespace, output: Output) -> Exit:
    metadata, card = _read_inputs(options)
    if options.create:
        _create_if_absent(client, options)
    version = client.register_version(options.model, metadata)
    version = _complete(client, version, card, options, output)
    promotions = [client.promotion(number) for number in version.get("promotions", [])]
    promotions += _promote(client, version, promotions, options)
    if options.wait:
        promotions = [settle(client, promotion, options, output) for promotion in promotions]
    lines = [f"{version['model']} {version['version']}", *map(promotion_line, promotions)]
    output.result("\n".join(lines), {"version": version, "promotions": promotions})
    verdicts = [verdict_of(promotion, options.until) for promotion in promotions] if options.wait else []
    return max(verdicts, default=Exit.DONE)


def _read_inputs(options: argparse.Namespace) -> tuple[dict[str, Any], str | None]:
    """Everything that can be wrong on this side is found before the server hears of the version."""
    if options.promote and not options.reason:
        raise Misuse("--promote needs a reason.", "Add --reason 'why this version should move'.")
    names = [file.name for file in options.artifacts]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise Misuse(f"Two artifacts are called {twice[0]}.", "Rename one: files are kept by name.")
    absent = next((file for file in options.artifacts if not file.is_file()), None)
    if absent:
        raise Misuse(f"{absent} is no file.", "Give each file by --artifact; folders are not uploaded.")
    metadata = read_metadata(options.metadata)
    overrides = {"label": options.label, "on_behalf_of": options.on_behalf_of, "task": options.task}
    overrides["contract"] = read_metadata(options.contract) if options.contract else None
    metadata |= {key: value for key, value in overrides.items() if value}
    return metadata, read_text(options.card) if options.card else None


def _create_if_absent(client: Client, options: argparse.Namespace) -> None:
    try:
        client.model(options.model)
    except Refused as refused:
        if refused.status != HTTPStatus.NOT_FOUND:
            raise
        given = {name: getattr(options, name) for name in MODEL_PROPERTIES}
        client.create_model(options.model, **{name: value for name, value in given.items() if value})


def _complete(
    client: Client, version: Version, card: str | None, options: argparse.Namespace, output: Output
) -> Version:
    model, number = version["model"], version["version"]
    try:
        for file in options.artifacts:
            client.upload_artifact(model, number, file, progress=output.progress(file))
        if card is not None:
            output.note(card_line(client.put_card(model, number, card)))
        return client.finalize_version(model, number)
    except AssaydeskError:
        output.note(f"{model} {number} was registered but is not finalised; register anew once the cause is gone.")
        raise


def _promote(client: Client, version: Version, opened: list[Promotion], options: argparse.Namespace) -> list[Promotion]:
    """Opens the promotion asked for, unless the policy already opened that very one."""
    if not options.promote or any(promotion["to_stage"] == options.promote for promotion in opened):
        return []
    promotion = client.open_promotion(
        version["model"],
        version["version"],
        to=options.promote,
        reason=options.reason,
        on_behalf_of=options.on_behalf_of,
    )
    return [promotion]
