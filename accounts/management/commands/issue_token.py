from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.actions import issue_token
from accounts.models import AccessToken, User
from accounts.reasons import Refusal


class Command(BaseCommand):
    help = "Issues an access token and prints it, and nothing else, on standard output."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument(
            "--scope", action="append", choices=AccessToken.Scope.values, help="repeatable; default: read and write"
        )
        parser.add_argument("--days", type=float, help="how long it lives; default 90, with the scope review 1")

    def handle(self, *_: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["username"]).first()
        if user is None:
            raise CommandError(f"There is no account named {options['username']}.")
        scopes = options["scope"] or ["read", "write"]
        days = options["days"] if options["days"] is not None else (1 if "review" in scopes else 90)
        try:
            _token, text = issue_token(user, actor=None, scopes=scopes, days=days, name="issued by command")
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(text)
