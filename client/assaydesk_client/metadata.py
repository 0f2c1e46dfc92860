"""Version metadata from a JSON or TOML file."""

import json
import tomllib
from pathlib import Path
from typing import Any

from assaydesk_client.errors import Misuse


def read_metadata(file: Path) -> dict[str, Any]:
    """The file's content as the body of a registration. Which keys there are is the server's business."""
    text = read_text(file)
    try:
        content = tomllib.loads(text) if file.suffix.lower() == ".toml" else json.loads(text)
    except ValueError as error:
        raise Misuse(f"{file} can't be understood: {error}.", "Metadata are JSON, or TOML in a .toml file.") from error
    if not isinstance(content, dict):
        raise Misuse(f"{file} holds a {type(content).__name__}, not a table of keys.")
    return content


def read_text(file: Path) -> str:
    """The file as text. Raises Misuse when it can't be read or isn't UTF-8."""
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise Misuse(f"{file} can't be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise Misuse(f"{file} is not UTF-8 text.") from error
