"""What the command line prints: results on stdout, notes and progress on stderr."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

from assaydesk_client.errors import AssaydeskError


def printable(text: str) -> str:
    """The text without control characters: a comment from the server must not steer a terminal."""
    return "".join(char if char.isprintable() or char in "\n\t" else "\N{REPLACEMENT CHARACTER}" for char in text)


class Output:
    """Prints short lines, or with `as_json` whole answers."""

    def __init__(self, as_json: bool = False, stdout: TextIO | None = None, stderr: TextIO | None = None) -> None:
        self._as_json = as_json
        self._stdout = stdout or sys.stdout
        self._stderr = stderr or sys.stderr

    def result(self, lines: str, answer: Any) -> None:
        """The command's result: `lines` for people and simple scripts, or `answer` as JSON."""
        text = json.dumps(answer, indent=2, ensure_ascii=False) if self._as_json else printable(lines)
        print(text, file=self._stdout, flush=True)

    def note(self, text: str) -> None:
        """Something worth knowing on the way; never part of the result."""
        print(printable(text), file=self._stderr, flush=True)

    def error(self, error: AssaydeskError) -> None:
        """What went wrong, with the keys of items or gates it names, and the remedy on a line of its own."""
        self.note(f"assaydesk: {error.text}")
        moved = getattr(error, "moved", None)
        if moved:
            self.note(f"  changed meanwhile: {', '.join(moved)}")
        for name in ("open_items", "gates"):
            keys = getattr(error, "details", {}).get(name)
            if keys:
                self.note(f"  {name.replace('_', ' ')}: {', '.join(map(str, keys))}")
        if error.remedy:
            self.note(f"  {error.remedy}")

    def progress(self, file: Path) -> Callable[[int], None] | None:
        """A line that grows while the file goes out; None where nobody watches."""
        if not self._stderr.isatty():
            return None
        return UploadLine(file, self._stderr)


class UploadLine:
    """`model.onnx 42% of 1.3 MB`, redrawn in place."""

    def __init__(self, file: Path, stream: TextIO) -> None:
        self._name = printable(file.name)
        self._total = file.stat().st_size if file.exists() else 0
        self._sent = 0
        self._shown = -1
        self._stream = stream

    def __call__(self, count: int) -> None:
        self._sent += count
        share = 100 * self._sent // max(self._total, 1)
        if share == self._shown:
            return
        self._shown = share
        ending = "\n" if self._sent >= self._total else ""
        line = f"\r{self._name} {share:3d}% of {self._total / 1e6:.1f} MB"
        print(line, end=ending, file=self._stream, flush=True)
