"""`manage.py ready`: what /readyz tells operators, for a terminal or a service's start."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from config.readiness import look


class Command(BaseCommand):
    help = "Tells whether each part does its work; exit status 1 when one doesn't."
    requires_system_checks = []

    def handle(self, *_: Any, **__: Any) -> None:
        found = look()
        for finding in found:
            self.stdout.write(f"{finding.name:<10} {finding.verdict:<6} {finding.reason}".rstrip())
        if not all(finding.ok for finding in found):
            sys.exit(1)
