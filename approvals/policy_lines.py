"""Where in a policy's YAML something is wrong: the line that an error is about."""

import re
from collections.abc import Iterator

import yaml

_SECTIONS = {"Gate": "gates", "Slot": "slots", "Checklist item": "checklist"}
_ENTRY = re.compile(rf"({'|'.join(_SECTIONS)}) ([a-z0-9][a-z0-9-]*)")

Named = tuple[str, yaml.Node]


def line_of(text: str, said: str) -> int:
    """The line (from 1) of `text` that an error of `read_document` is about; 0 when it is about the whole.

    `text` is YAML that was read as plain data already. An error names an entry by its key, and within it often
    the word that is wrong: the line of that word is answered, else that of the entry.
    """
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode):
        return 1
    about = _ENTRY.match(said)
    entry = _entry(root, _SECTIONS[about[1]], about[2]) if about else None
    if about is None or entry is None:
        return _line(_first_mentioned(said, _names(root, deep=False)))
    found = _first_mentioned(said[about.end() :], _names(entry, deep=True))
    return _line(found if found is not None else entry)


def _line(node: yaml.Node | None) -> int:
    return node.start_mark.line + 1 if node is not None else 0


def _entry(root: yaml.MappingNode, section: str, key: str) -> yaml.MappingNode | None:
    """The entry of the section with this key; the last, since of two alike the second is the one too many."""
    lists = [node for name, node in _pairs(root) if name == section and isinstance(node, yaml.SequenceNode)]
    entries = [node for each in lists for node in each.value if isinstance(node, yaml.MappingNode)]
    named = [node for node in entries if any(name == "key" and value.value == key for name, value in _pairs(node))]
    return named[-1] if named else None


def _pairs(node: yaml.MappingNode) -> Iterator[Named]:
    return ((str(name.value), value) for name, value in node.value)


def _names(node: yaml.MappingNode, *, deep: bool) -> Iterator[Named]:
    """Every name in the mapping with the node of the name itself; `deep` also those within its values."""
    for name, value in node.value:
        yield str(name.value), name
        if deep and isinstance(value, yaml.MappingNode):
            yield from _names(value, deep=True)


def _first_mentioned(said: str, names: Iterator[Named]) -> yaml.Node | None:
    mentioned = [
        (found.start(), node) for name, node in names if (found := re.search(rf"(?<!\w){re.escape(name)}(?!\w)", said))
    ]
    return min(mentioned, key=lambda each: each[0])[1] if mentioned else None
