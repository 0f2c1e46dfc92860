"""YAML that people send, read so that no text of theirs takes memory, time or the process."""

import re
from collections.abc import Hashable, Iterable
from datetime import date
from typing import Any

import yaml

DEEPEST = 32
#: 10^100 is the first number with more; Python writes none with more than 4,300 out.
MOST_DIGITS = 100
_LONGEST_KEY = 80


class NotYaml(Exception):
    """It can't be read; `line` (from 1, 0 when unknown) says where."""

    def __init__(self, problem: str, line: int) -> None:
        super().__init__(problem)
        self.line = line


class NotPlain(NotYaml):
    """It is YAML, with a value that can't be shown or stored everywhere; the problem names its key."""

    def __init__(self, path: str, problem: str, remedy: str) -> None:
        key = path.encode("ascii", "backslashreplace").decode()[:_LONGEST_KEY] or "it"
        super().__init__(f"{key} {problem}", 0)
        self.remedy = remedy


class _PlainLoader(yaml.SafeLoader):
    """YAML whose keys are text as it is written, without what takes more time or memory than its length: aliases (a
    few lines that merge them over and over become millions of entries) and numbers to base 60."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(None, None, "aliases are not taken", mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:
        if not isinstance(node, yaml.MappingNode):
            raise yaml.constructor.ConstructorError(None, None, "it is no mapping", node.start_mark)
        self.flatten_mapping(node)
        found: dict[Hashable, Any] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "a key must be text", key.start_mark)
            found[key.value] = self.construct_object(value, deep=deep)
        return found


_INT, _FLOAT = "tag:yaml.org,2002:int", "tag:yaml.org,2002:float"
_PlainLoader.yaml_implicit_resolvers = {
    first: [(tag, looks) for tag, looks in known if tag not in {_INT, _FLOAT}]
    for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_PlainLoader.add_implicit_resolver(
    _INT, re.compile(r"[-+]?(?:0b[01_]+|0[0-7_]+|0x[0-9a-fA-F_]+|0|[1-9][0-9_]*)$"), list("-+0123456789")
)
_PlainLoader.add_implicit_resolver(
    _FLOAT,
    re.compile(
        r"(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?"
        r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$"
    ),
    list("-+0123456789."),
)


def _whole_number(loader: _PlainLoader, node: Any) -> int:
    return int(loader.construct_yaml_int(_to_base_ten(node)))


def _number(loader: _PlainLoader, node: Any) -> float:
    return float(loader.construct_yaml_float(_to_base_ten(node)))


def _to_base_ten(node: Any) -> Any:
    if ":" in node.value:  # only with an explicit tag: `!!int 1:30`
        raise yaml.constructor.ConstructorError(None, None, "numbers to base 60 are not taken", node.start_mark)
    return node


_PlainLoader.add_constructor(_INT, _whole_number)
_PlainLoader.add_constructor(_FLOAT, _number)

#: What PyYAML raises for a scalar that isn't what its tag or look says: a 30th of February, !!bool maybe.
_BAD_SCALAR = (ValueError, LookupError, AttributeError, TypeError, OverflowError, RecursionError)


def read_plain_yaml(text: str) -> Any:
    """The one document in `text` as plain data: text, numbers, truth values, dates, nothing, and lists and mappings of
    these, whose keys are text. Raises NotYaml, and its kind NotPlain for what is none of these."""
    try:
        value = yaml.load(text, Loader=_PlainLoader)  # noqa: S506  # a safe loader, made stricter
    except (yaml.YAMLError, *_BAD_SCALAR) as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 0
        problem = getattr(error, "problem", None) or "a value can't be read"
        raise NotYaml(f"{problem}{f', in line {line}' if line else ''}", line) from error
    _check_plain(value, "", 0)
    return value


def _check_plain(value: Any, path: str, depth: int) -> None:
    if depth > DEEPEST:
        raise NotPlain(path, f"is nested deeper than {DEEPEST} levels", "Make it flatter.")
    if isinstance(value, str):
        _check_characters(value, path)
    elif isinstance(value, dict):
        _check_characters("".join(value), path)
        _check_each(((f"{path}.{key}".lstrip("."), inner) for key, inner in value.items()), depth)
    elif isinstance(value, list):
        _check_each(((path, inner) for inner in value), depth)
    elif isinstance(value, int):
        if abs(value) >= 10**MOST_DIGITS:
            raise NotPlain(path, f"is a number of more than {MOST_DIGITS} digits", "Write it in quotes, as text.")
    elif not (value is None or isinstance(value, float | date)):
        raise NotPlain(path, "has a tag that isn't taken", "Write it as text, a number, a list or a mapping.")


def _check_each(inner: Iterable[tuple[str, Any]], depth: int) -> None:
    for path, value in inner:
        _check_plain(value, path, depth + 1)


def _check_characters(text: str, path: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        remedy = "Write the character itself, or its whole code: \\U0001F600 for \\ud83d\\ude00."
        raise NotPlain(path, "holds half a character (a surrogate)", remedy) from error
