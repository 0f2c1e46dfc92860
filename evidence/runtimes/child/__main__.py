"""Arguments: folder of inputs, format, what to do. A problem leaves as one marked JSON line on stderr and status 3."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from .problem import Problem, give_up
from .work import answer_all, look_at, time_calls

WORK = {"--answer": answer_all, "--time": time_calls, "--look": look_at}


def main() -> None:
    """The answer goes where stdout was; whatever native code prints goes to stderr."""
    folder, format, work = sys.argv[1:]
    with os.fdopen(os.dup(1), "wb") as answer:
        os.dup2(2, 1)
        try:
            WORK[work](format, Path(folder), answer)
        except Problem as problem:
            give_up(problem)


main()
