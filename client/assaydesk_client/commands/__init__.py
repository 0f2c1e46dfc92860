"""The subcommands, a file each: options, and what is done with them."""

from collections.abc import Callable

from assaydesk_client.commands import (
    best,
    card,
    compare,
    dataset,
    history,
    impact,
    metrics,
    predict,
    production,
    promote,
    register,
    report,
    review,
    rollback,
)
from assaydesk_client.commands.options import Subparsers

SUBCOMMANDS: tuple[Callable[[Subparsers], None], ...] = (
    register.add_subcommand,
    card.add_subcommand,
    predict.add_subcommand,
    metrics.add_subcommand,
    promote.add_subcommand,
    review.add_subcommand,
    dataset.add_subcommand,
    report.add_subcommand,
    production.add_subcommand,
    history.add_subcommand,
    compare.add_subcommand,
    best.add_subcommand,
    impact.add_subcommand,
    rollback.add_subcommand,
)
