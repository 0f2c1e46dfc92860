"""A process that plays scenarios on a desk, one after the other as it is told: starting Django once is enough."""

import json
import sys
import traceback
from importlib import import_module
from typing import Any, TextIO

if __name__ == "__main__":
    import django

    django.setup()

from django.conf import settings
from django.db import connections


def serve(orders: TextIO, answers: TextIO) -> None:
    """Each order is a line of JSON: module under tests.faults, function, keyword arguments. So is each answer."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # a slow one only costs time here
    for line in orders:
        answers.write(json.dumps(_answer(*json.loads(line))) + "\n")
        answers.flush()


def _answer(module: str, function: str, given: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"returned": getattr(import_module(f"tests.faults.{module}"), function)(**given)}
    except Exception:  # noqa: BLE001 - told to whoever gave the order
        return {"raised": traceback.format_exc()}
    finally:
        connections.close_all()  # the next order may find another server there


if __name__ == "__main__":
    answers, sys.stdout = sys.stdout, sys.stderr
    serve(sys.stdin, answers)
