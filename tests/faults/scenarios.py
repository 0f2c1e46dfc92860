"""How a module of scenarios becomes a program: `python -m tests.faults.<module> <name>` prints what it returns."""

import json
import sys
from collections.abc import Callable
from typing import Any

Scenario = Callable[[], Any]
SCENARIOS: dict[str, Scenario] = {}


def scenario(function: Scenario) -> Scenario:
    SCENARIOS[function.__name__] = function
    return function


def play() -> None:
    sys.stdout.write(json.dumps(SCENARIOS[sys.argv[1]]()) + "\n")
