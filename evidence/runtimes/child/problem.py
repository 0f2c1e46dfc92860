"""How the child says no. Its parent reads these too, so nothing here may import a runtime."""

from __future__ import annotations

import json
import sys
from typing import NoReturn

PROBLEM_MARK = "assaydesk-problem "
PROBLEM_STATUS = 3
LONGEST_TEXT = 1000

NAME_IT = "Name the right output in the version's contract."


class Problem(Exception):
    """What stands between this model and its scores: a code, what is wrong, what to do."""

    def __init__(self, code: str, text: str, remedy: str) -> None:
        super().__init__(text)
        self.code, self.text, self.remedy = code, text, remedy


def give_up(problem: Problem) -> NoReturn:
    """Say what is wrong, for the parent to read, and end."""
    told = {"code": problem.code, "text": problem.text[:LONGEST_TEXT], "remedy": problem.remedy}
    sys.stderr.write(f"\n{PROBLEM_MARK}{json.dumps(told)}\n")
    sys.exit(PROBLEM_STATUS)
