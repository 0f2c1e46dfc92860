"""`--without-slow` leaves the tests marked slow out, and says so: how many, which, and what runs them."""

from collections import Counter
from typing import Any

import pytest

REMEDY = "`make test SLOW=1` runs them, and so does `make check`"
_left_out = pytest.StashKey[list[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--without-slow", action="store_true", help="leave out tests marked slow")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("without_slow"):
        return
    slow = [item for item in items if item.get_closest_marker("slow")]
    items[:] = [item for item in items if item not in slow]
    config.hook.pytest_deselected(items=slow)
    config.stash[_left_out] = [item.nodeid for item in slow]


def pytest_sessionfinish(session: pytest.Session) -> None:
    told = getattr(session.config, "workeroutput", None)  # a parallel process tells the one that started it
    if told is not None:
        told["left_out"] = session.config.stash.get(_left_out, [])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    node.config.stash[_left_out] = getattr(node, "workeroutput", {}).get("left_out", [])


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    left_out = config.stash.get(_left_out, [])
    if left_out:
        terminalreporter.write_line(f"Left out: {len(left_out)} slow tests; {REMEDY}.")
        for file, tests in Counter(nodeid.partition("::")[0] for nodeid in left_out).items():
            terminalreporter.write_line(f"  {tests} in {file}")
