"""Several sweepers in processes of their own: `python -m tests.faults.sweeping_together 4`."""

import multiprocessing
import sys

import django
from django.core.management import call_command


def sweep() -> None:
    call_command("sweep", every=0.2)


if __name__ == "__main__":
    django.setup()
    # Forked, so that Django is started once; each opens a database connection of its own.
    together = [multiprocessing.get_context("fork").Process(target=sweep) for _ in range(int(sys.argv[1]))]
    for process in together:
        process.start()
    sys.stdout.write("sweeping\n")
    sys.stdout.flush()
    for process in together:
        process.join()
