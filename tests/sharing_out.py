"""How parallel processes share the tests out: a file is never torn apart, and the longest go first.

What the tests of one file share (a server, a trained model, a world of rows) is then made once. Files that name
the same `xdist_group` stay together, too. The longest go first, so that nobody is left alone with them at the end.
"""

import os
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

#: From the longest down. Any other takes less than about five seconds.
LONGEST = (
    "tests/config/test_demo.py",
    "tests/approvals/test_lifecycle_machine.py",
    "tests/faults/test_killed_worker.py",
    "tests/dashboard/test_promotion_in_browser.py",
    "tests/faults/test_parallel_approvals.py",
    "tests/dashboard/test_desk_pages_in_browser.py",
    "tests/dashboard/test_pages_in_browser.py",
    "tests/test_permission_matrix.py",
    "tests/config/test_serve.py",
    "tests/dashboard/test_promotion_page.py",
    "tests/approvals/test_transitions.py",
    "tests/config/test_demo_training.py",
    "tests/config/test_supervisor.py",
)
_GROUP = re.compile(r'xdist_group\("([^"]+)"\)')


def path_of(nodeid: str) -> str:
    return nodeid.partition("::")[0]


@cache
def unit_of(path: Path) -> str:
    """What the file is shared out with: its group, or itself."""
    found = _GROUP.search(path.read_text())
    return found[1] if found else str(path)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    places = {path: place for place, path in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(path_of(item.nodeid), len(places)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One process more than there are cores: browsers and servers are waited for much of the time."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    from xdist.scheduler import LoadScopeScheduling

    # xdist's own loadgroup adds the group to a test's id, which pytest 9.2 no longer lets it do: no error, no groups.
    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return unit_of(config.rootpath / path_of(nodeid))

    config.option.loadscopereorder = False  # it would put the file with the most tests first
    return ByFile(config, log)
