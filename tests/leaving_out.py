"""What a run leaves out. `--without-slow`: the tests marked slow, and it says so: how many, which, and what runs them.
`--database=postgresql`: what asks nothing of the database, which the run on SQLite has already."""

from collections import Counter
from typing import Any

import pytest
from django.test import TransactionTestCase

REMEDY = "`make test SLOW=1` runs them, and so does `make check`"
_left_out = pytest.StashKey[list[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--without-slow", action="store_true", help="leave out tests marked slow")


#: Fixtures of pytest-django that bring the database.
_DATABASE = frozenset({"db", "transactional_db", "django_db_reset_sequences", "live_server"})


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("database") == "postgresql":
        idle = [item for item in items if not _asks_the_database(item)]
        items[:] = [item for item in items if _asks_the_database(item)]
        config.hook.pytest_deselected(items=idle)
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


def _asks_the_database(item: pytest.Item) -> bool:
    """By its mark or its fixtures; what kills real processes runs on the servers of the run."""
    of_class = getattr(item, "cls", None)
    return bool(
        item.get_closest_marker("django_db")
        or _DATABASE & set(getattr(item, "fixturenames", ()))
        or (of_class and issubclass(of_class, TransactionTestCase))
        or item.nodeid.startswith("tests/faults/")
    )
