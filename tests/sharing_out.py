"""How parallel processes share the tests out: a file is never torn apart, and the longest go first.

What the tests of one file share (a server, a trained model, a world of rows) is then made once. The longest
first, so that no process is left alone at the end with the longest of all.
"""

from pathlib import PurePath
from typing import Any

import pytest

#: Files that share something dear among each other stay together, too.
TOGETHER = {
    "tests/config/test_demo.py": "the demo's desk",
    "tests/browser/test_deciding.py": "the demo's desk",
}
#: From the longest down. Any other takes less than about five seconds.
LONGEST = (
    "tests/config/test_demo.py",
    "tests/browser/test_deciding.py",
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


def path_of(nodeid: str) -> str:
    return PurePath(nodeid.partition("::")[0]).as_posix()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    places = {path: place for place, path in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(path_of(item.nodeid), len(places)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            path = path_of(nodeid)
            return TOGETHER.get(path, path)

    config.option.loadscopereorder = False  # it would put the file with the most tests first
    return ByFile(config, log)
