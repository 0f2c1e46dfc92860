"""The first code in an isolated child: binds itself to its limits, then becomes the program, a file or a package.

Run as a script by `evidence.isolation` and never imported; it knows the standard library only. Arguments: the
settings as JSON, the program, then the program's own arguments.
"""

from __future__ import annotations

import ctypes
import importlib.util
import json
import os
import resource
import runpy
import signal
import sys

# The parent reads this exit status as "out of memory".
OUT_OF_MEMORY = 77
SET_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2)


def bind_limits(limits: dict[str, int]) -> None:
    """Set each resource limit (name → value), never above what this process is already bound to."""
    for name, value in limits.items():
        kind = getattr(resource, name)
        _, ceiling = resource.getrlimit(kind)
        # The soft limit of processor time sends SIGXCPU, which tells the reason; the hard one just kills.
        grace = 1 if name == "RLIMIT_CPU" else 0
        resource.setrlimit(kind, (_at_most(value, ceiling), _at_most(value + grace, ceiling)))


def _at_most(value: int, ceiling: int) -> int:
    return value if ceiling == resource.RLIM_INFINITY else min(value, ceiling)


def die_with(parent: int) -> None:
    """Be killed when the parent process ends, however it ends."""
    ctypes.CDLL(None).prctl(SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before we asked
        sys.exit(1)


def become(program: str) -> None:
    """Run the file, or the package in the folder, as `__main__`.

    The package alone can be imported, not what lies beside its folder: under limits that would be our own modules,
    some with names of packages that the program wants.
    """
    if not os.path.isdir(program):  # noqa: PTH112 - pathlib would be one more module to load
        runpy.run_path(program, run_name="__main__")
        return
    name = os.path.basename(program)  # noqa: PTH119
    spec = importlib.util.spec_from_file_location(name, f"{program}/__init__.py", submodule_search_locations=[program])
    assert spec is not None
    assert spec.loader is not None
    sys.modules[name] = package = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(package)
    runpy.run_module(name, run_name="__main__", alter_sys=True)


def main() -> None:
    """Bind, then run the program as `__main__` with its own arguments."""
    settings, program = json.loads(sys.argv[1]), sys.argv[2]
    if settings["parent"] and sys.platform == "linux":
        die_with(settings["parent"])
    # Should the parent vanish before anyone was bound to die with it, the child still ends by itself.
    signal.alarm(settings["alarm"])
    bind_limits(settings["limits"])
    sys.argv = sys.argv[2:]
    try:
        become(program)
    except MemoryError:
        sys.exit(OUT_OF_MEMORY)


main()
