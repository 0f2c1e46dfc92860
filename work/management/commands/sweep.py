import signal
import threading
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import DatabaseError, close_old_connections

from audit.guards import assert_installed
from work.rounds import go_all_rounds
from work.signs import Signing


class Command(BaseCommand):
    help = "Looks after deadlines and lost jobs: once, or every so many seconds until stopped."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--every", type=float, help="seconds between two sweeps; without it, sweep once")

    def handle(self, *_: Any, every: float | None, **__: Any) -> None:
        if every is None:
            self.stdout.write(f"{go_all_rounds()} jobs pointed at again")
            return
        assert_installed()
        signing = Signing("sweeper")
        stopped = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopped.set())
        while not stopped.wait(every):
            try:
                close_old_connections()
                go_all_rounds()
                signing.sign_when_due()  # not in a thread: a sweeper that hangs isn't there
            except DatabaseError as error:
                # The database may be restarting; sweeping again in a moment is the whole remedy.
                self.stderr.write(f"sweep: {error}")
        signing.stop()
