"""YAML that people send, read so that no text of theirs takes memory, time or the process."""

from typing import Any

import yaml


class NotYaml(Exception):
    """It can't be read; `line` (from 1, 0 when unknown) says where."""

    def __init__(self, problem: str, line: int) -> None:
        super().__init__(problem)
        self.line = line


class _PlainLoader(yaml.SafeLoader):
    """YAML without aliases: a few lines that merge them over and over become millions of entries."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(None, None, "aliases are not taken", mark)
        return super().compose_node(parent, index)


#: What PyYAML raises for a scalar that isn't what its tag or look says: a 30th of February, !!bool maybe.
_BAD_SCALAR = (ValueError, LookupError, AttributeError, TypeError, OverflowError, RecursionError)


def read_plain_yaml(text: str) -> Any:
    """The one document in `text` as plain data. Raises NotYaml."""
    try:
        return yaml.load(text, Loader=_PlainLoader)  # noqa: S506  # a safe loader, made stricter
    except (yaml.YAMLError, *_BAD_SCALAR) as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 0
        problem = getattr(error, "problem", None) or "a value can't be read"
        raise NotYaml(f"{problem}{f', in line {line}' if line else ''}", line) from error
