"""The sandbox around an isolated child: what it sees under bubblewrap, and whether that works here."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from pathlib import Path
from shutil import which

# Not the PATH of the caller: a sandbox found in a writable folder is none.
BINARY_FOLDERS = "/usr/bin:/bin:/usr/local/bin"
SCRATCH = "/tmp"  # noqa: S108 - the sandbox's own, empty and gone with it
SCRATCH_BYTES = 16 * 1024**2
SELF_TEST_SECONDS = 20

NAMESPACES = ("--unshare-all", "--die-with-parent", "--new-session", "--clearenv", "--cap-drop", "ALL")
# Keeps the child from making namespaces of its own, where it would have capabilities again.
NO_NESTING = ("--unshare-user", "--disable-userns")


def sandboxed(command: list[str], *, environment: dict[str, str], mounts: dict[Path, str]) -> list[str]:
    """`command` inside the sandbox, started in its scratch folder.

    It sees the system's programs and libraries, this Python, `mounts` (path here → path inside), all
    read-only, and a small scratch folder. Nothing else: no network, no other process, no other variable than
    `environment`. Raises RuntimeError when `works_here()` is false.
    """
    flags = _working_flags()
    if flags is None:
        raise RuntimeError("bubblewrap doesn't work on this machine")
    return [*flags, *_view(environment, mounts), "--chdir", SCRATCH, "--", *command]


def works_here() -> bool:
    """Whether a child can be started under bubblewrap on this machine. Tried once per process."""
    return _working_flags() is not None


@cache
def _working_flags() -> tuple[str, ...] | None:
    binary = which("bwrap", path=BINARY_FOLDERS)
    if binary is None:
        return None
    candidates = [(binary, *NAMESPACES, *NO_NESTING), (binary, *NAMESPACES)]
    return next((flags for flags in candidates if _starts_python(flags)), None)


def _starts_python(flags: tuple[str, ...]) -> bool:
    command = [*flags, *_view({}, {}), "--", sys.executable, "-I", "-c", "print('alive')"]
    try:
        tried = subprocess.run(
            command,
            env={},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SELF_TEST_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return tried.returncode == 0 and tried.stdout == b"alive\n"


def _view(environment: dict[str, str], mounts: dict[Path, str]) -> list[str]:
    # Scratch first: a checkout may live in /tmp, and the later mount is the one that shows.
    view = ["--size", str(SCRATCH_BYTES), "--tmpfs", SCRATCH]
    for folder in [Path("/usr"), Path("/bin"), *sorted(Path("/").glob("lib*")), *_python_folders()]:
        view += ["--ro-bind-try", str(folder), str(folder)]
    # onnxruntime and numpy choose their arithmetic by the processor; without these they'd guess.
    for path in ("/proc/cpuinfo", "/sys/devices/system/cpu"):
        view += ["--ro-bind-try", path, path]
    for device in ("/dev/null", "/dev/urandom"):
        view += ["--dev-bind", device, device]
    for source, inside in mounts.items():
        view += ["--ro-bind", str(source), inside]
    for name, value in environment.items():
        view += ["--setenv", name, value]
    return [*view, "--remount-ro", "/"]


def _python_folders() -> list[Path]:
    """Programs and libraries of this Python and its virtual environment, not what lies beside them."""
    homes = [Path(sys.prefix), Path(sys.base_prefix), Path(sys.executable).resolve().parent.parent]
    parts = [home / part for home in dict.fromkeys(homes) for part in ("bin", "lib", "lib64", "pyvenv.cfg")]
    return [part for part in parts if not part.is_relative_to("/usr")]
