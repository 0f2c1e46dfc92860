"""Reads a LightGBM text model without LightGBM, and writes the part that predicts anew.

LightGBM's own parser takes the file's word for every index: one that is out of range ends the process, a node that
is its own child never ends. So nothing of the file reaches it: what it is given is written here, out of numbers
that were checked. Layout: `Tree::ToString` and `GBDT::SaveModelToString` of LightGBM 4.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf, isfinite, isnan

MOST_FEATURES = 100_000
MOST_TREES = 100_000
MOST_LEAVES = 131_072  # LightGBM's own bound
MOST_CLASSES = 100

#: Bit 0 would be a split by categories; bit 1 is where missing values go, bits 2 and 3 which count as missing.
NUMERIC_DECISIONS = {0, 2, 4, 6, 8, 10}
OBJECTIVE = re.compile(r"[a-z_0-9]+( [a-z_]+:[0-9.e+-]{1,30}| sqrt)*")


class Unreadable(Exception):
    """The text is no model that LightGBM could have written; its message says where."""


class Unsupported(Exception):
    """The text may well be a model, of a kind that isn't run here; its message says which."""


@dataclass(frozen=True)
class Tree:
    """Nodes and leaves by number. A child below 0 is the leaf ~child. The root is node 0, or the only leaf."""

    features: list[int]
    thresholds: list[float]
    decisions: list[int]
    left: list[int]
    right: list[int]
    leaves: list[float]

    def lines(self) -> list[str]:
        """As LightGBM reads it."""
        told = [f"num_leaves={len(self.leaves)}", "num_cat=0"]
        if len(self.leaves) > 1:
            told += [
                f"split_feature={_joined(self.features)}",
                f"threshold={_joined(self.thresholds)}",
                f"decision_type={_joined(self.decisions)}",
                f"left_child={_joined(self.left)}",
                f"right_child={_joined(self.right)}",
            ]
        return [*told, f"leaf_value={_joined(self.leaves)}", "is_linear=0", "shrinkage=1"]


@dataclass(frozen=True)
class Forest:
    """A model: its features' names, classes (1 for a single output), objective ("" for none) and trees.

    `averages` says that the trees' mean is the answer, not their sum.
    """

    features: tuple[str, ...]
    classes: int
    objective: str
    averages: bool
    trees: list[Tree]

    def text(self) -> str:
        """As LightGBM reads it, features by number."""
        head = [
            "tree",
            "version=v4",
            f"num_class={self.classes}",
            f"num_tree_per_iteration={self.classes}",
            "label_index=0",
            f"max_feature_idx={len(self.features) - 1}",
            *([f"objective={self.objective}"] if self.objective else []),
            *(["average_output"] if self.averages else []),
            f"feature_names={' '.join(f'f{place}' for place in range(len(self.features)))}",
            f"feature_infos={' '.join(['none'] * len(self.features))}",
        ]
        trees = [[f"Tree={place}", *tree.lines(), "", ""] for place, tree in enumerate(self.trees)]
        return "\n".join([*head, "", *(line for lines in trees for line in lines), "end of trees", ""])


def read_forest(content: bytes) -> Forest:
    """The model in these bytes. Raises Unreadable and Unsupported."""
    try:
        lines = content.decode().replace("\r\n", "\n").split("\n")
    except UnicodeDecodeError:
        raise Unreadable("it is not text in UTF-8") from None
    if lines[0].strip() != "tree":
        raise Unreadable("it doesn't begin with the line tree")
    if "end of trees" not in lines:
        raise Unreadable("it ends before the line end of trees")
    lines = lines[: lines.index("end of trees")]
    starts = [place for place, line in enumerate(lines) if line.startswith("Tree=")]
    head = _entries(lines[1 : starts[0] if starts else len(lines)], "its head")
    blocks = (lines[start:end] for start, end in zip(starts, [*starts[1:], len(lines)], strict=True))
    return _forest(head, blocks, len(starts))


def _forest(head: dict[str, str], blocks: Iterator[list[str]], count: int) -> Forest:
    names = _names(head)
    classes = _whole(head, "num_class", "its head", range(1, MOST_CLASSES + 1))
    if _whole(head, "num_tree_per_iteration", "its head", range(1, MOST_CLASSES + 1)) != classes:
        raise Unsupported("it has another number of trees per iteration than classes")
    if not 0 < count <= MOST_TREES or count % classes:
        raise Unreadable(f"it has {count} trees for {classes} outputs")
    if "tree_sizes" in head and len(head["tree_sizes"].split()) != count:
        raise Unreadable(f"its head speaks of {len(head['tree_sizes'].split())} trees and it has {count}")
    objective = head.get("objective", "")
    if objective and not OBJECTIVE.fullmatch(objective):
        raise Unreadable(f"its objective is {objective[:40]!r}")
    trees = [_tree(block, place, len(names)) for place, block in enumerate(blocks)]
    return Forest(names, classes, objective, "average_output" in head, trees)


def _names(head: dict[str, str]) -> tuple[str, ...]:
    names = tuple(head.get("feature_names", "").split(" "))
    wanted = _whole(head, "max_feature_idx", "its head", range(MOST_FEATURES)) + 1
    if len(names) != wanted:
        raise Unreadable(f"it names {len(names)} features and speaks of {wanted}")
    if len(set(names)) != len(names) or not all(name and name.isprintable() for name in names):
        raise Unreadable("its features aren't named once each")
    return names


def _tree(block: Sequence[str], place: int, features: int) -> Tree:
    where = f"tree {place}"
    if block[0] != f"Tree={place}":
        raise Unreadable(f"{where} is headed {block[0][:40]!r}")
    entries = _entries(block[1:], where)
    _refuse_unsupported(entries, where)
    leaves = _whole(entries, "num_leaves", where, range(1, MOST_LEAVES + 1))
    values = _numbers(entries, "leaf_value", where, leaves)
    for kept in ("leaf_count", "leaf_weight"):
        if leaves > 1 and entries.get(kept) and len(entries[kept].split()) != leaves:
            raise Unreadable(f"{where} has {len(entries[kept].split())} of {kept} for {leaves} leaves")
    if leaves == 1:
        return Tree([], [], [], [], [], values)
    nodes = leaves - 1
    tree = Tree(
        _wholes(entries, "split_feature", where, nodes, range(features)),
        _thresholds(entries, where, nodes),
        _wholes(entries, "decision_type", where, nodes, range(128)),
        _wholes(entries, "left_child", where, nodes, range(-leaves, nodes)),
        _wholes(entries, "right_child", where, nodes, range(-leaves, nodes)),
        values,
    )
    _check_decisions(tree, where)
    _check_shape(tree, where)
    return tree


def _refuse_unsupported(entries: dict[str, str], where: str) -> None:
    if entries.get("num_cat", "0") != "0":
        raise Unsupported(f"{where} splits by categories")
    if entries.get("is_linear", "0") != "0":
        raise Unsupported(f"{where} has linear models in its leaves")


def _check_decisions(tree: Tree, where: str) -> None:
    odd = set(tree.decisions) - NUMERIC_DECISIONS
    if any(decision & 1 for decision in odd):
        raise Unsupported(f"{where} splits by categories")
    if odd:
        raise Unreadable(f"{where} has the decision type {min(odd)}")


def _check_shape(tree: Tree, where: str) -> None:
    """From the root every node and every leaf is reached once: no cycle, nothing shared, nothing left over."""
    nodes, leaves = len(tree.left), len(tree.leaves)
    met: set[int] = {0}
    ends: set[int] = set()
    open_nodes = [0]
    while open_nodes:
        node = open_nodes.pop()
        for child in (tree.left[node], tree.right[node]):
            if child in met or child in ends:
                raise Unreadable(f"{where} reaches {_spoken(child)} twice, from node {node} too")
            (met if child >= 0 else ends).add(child)
            if child >= 0:
                open_nodes.append(child)
    if len(met) != nodes or len(ends) != leaves:
        raise Unreadable(f"{where} reaches {len(met)} of {nodes} nodes and {len(ends)} of {leaves} leaves")


def _spoken(child: int) -> str:
    return f"node {child}" if child >= 0 else f"leaf {~child}"


def _entries(lines: Sequence[str], where: str) -> dict[str, str]:
    """`key=value` by key, a bare word with no value; none may come twice."""
    found: dict[str, str] = {}
    for line in filter(None, lines):
        key, _, value = line.partition("=")
        if key in found:
            raise Unreadable(f"{where} says {key[:40]!r} twice")
        found[key] = value.strip()
    return found


def _whole(entries: dict[str, str], key: str, where: str, within: range) -> int:
    return _wholes(entries, key, where, 1, within)[0]


def _wholes(entries: dict[str, str], key: str, where: str, count: int, within: range) -> list[int]:
    words = _words(entries, key, where, count)
    try:
        # No word is long: of digits without end Python's own conversion would take its time.
        numbers = [int(word) if len(word) < 12 else within.stop for word in words]
    except ValueError:
        raise Unreadable(f"{where} has a {key} that is no whole number") from None
    if outside := [number for number in numbers if number not in within]:
        raise Unreadable(f"{where} has the {key} {outside[0]}, outside {within[0]} to {within[-1]}")
    return numbers


def _thresholds(entries: dict[str, str], where: str, count: int) -> list[float]:
    """An infinite one divides missing values from all others: LightGBM writes such."""
    numbers = _floats(entries, "threshold", where, count)
    if any(isnan(number) or number == -inf for number in numbers):
        raise Unreadable(f"{where} has a threshold that is no limit")
    return numbers


def _numbers(entries: dict[str, str], key: str, where: str, count: int) -> list[float]:
    numbers = _floats(entries, key, where, count)
    if not all(map(isfinite, numbers)):
        raise Unreadable(f"{where} has a {key} that is not finite")
    return numbers


def _floats(entries: dict[str, str], key: str, where: str, count: int) -> list[float]:
    words = _words(entries, key, where, count)
    try:
        return [float(word) for word in words]
    except ValueError:
        raise Unreadable(f"{where} has a {key} that is no number") from None


def _words(entries: dict[str, str], key: str, where: str, count: int) -> list[str]:
    if key not in entries:
        raise Unreadable(f"{where} has no {key}")
    if len(words := entries[key].split()) != count:
        raise Unreadable(f"{where} has {len(words)} of {key}, not {count}")
    return words


def _joined(numbers: Sequence[float]) -> str:
    return " ".join(map(repr, numbers))
