"""`manage.py audit …`: what can be done with the record from a shell. Each way is a subcommand."""

import getpass
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.export import FORMS, export_events
from audit.periods import moment_from
from audit.queries import Filters


class Command(BaseCommand):
    help = "Works on the audit record."

    def add_arguments(self, parser: ArgumentParser) -> None:
        ways = parser.add_subparsers(dest="way", required=True, metavar="export")
        export = ways.add_parser("export", help="write the record to standard output, oldest event first")
        export.add_argument("--format", choices=FORMS, default="jsonl", help="default: jsonl")
        export.add_argument("--model", default="", help="only events about this model")
        export.add_argument(
            "--promotion", type=int, default=None, help="only events about the promotion of this number"
        )
        export.add_argument("--verb", default="", help="only this verb, for example promotion.opened")
        export.add_argument("--actor", default="", help="only what this user name did")
        export.add_argument("--since", default="", help="from this day or moment on, for example 2026-11-01")
        export.add_argument("--until", default="", help="to this day (included) or moment (not included)")

    def handle(self, *_: Any, **options: Any) -> None:
        try:
            since, until = moment_from(options["since"]), moment_from(options["until"], as_end=True)
        except ValueError as error:
            raise CommandError(str(error)) from error
        filters = Filters(
            options["model"],
            options["verb"],
            options["actor"],
            since=since,
            until=until,
            promotion=options["promotion"],
        )
        export = export_events(
            filters, form=options["format"], actor=None, visible_models=None, account=getpass.getuser()
        )
        for line in export.content:
            self.stdout.write(line.decode(), ending="")
