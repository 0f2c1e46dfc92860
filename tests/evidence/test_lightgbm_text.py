"""What of a LightGBM file is believed: everything else in it is refused, and nothing of it crashes anyone."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from evidence.runtimes.child.lightgbm_text import Forest, Tree, Unreadable, Unsupported, read_forest
from tests.evidence import lightgbm_models
from tests.evidence.lightgbm_models import value_of, with_line

MUTATIONS = 3000


@pytest.fixture(scope="module")
def text() -> str:
    return lightgbm_models.trained(rounds=4).model_to_string()


def edited(text: str, key: str, place: int, value: str) -> str:
    """One number of the second tree changed."""
    values = value_of(text, 1, key)
    values[place] = value
    return with_line(text, 1, key, " ".join(values))


def refusal(text: str) -> str:
    with pytest.raises(Unreadable) as refused:
        read_forest(text.encode())
    return str(refused.value)


def test_what_is_read_is_what_lightgbm_wrote(text: str) -> None:
    forest = read_forest(text.encode())
    assert (len(forest.trees), forest.classes, forest.objective) == (4, 1, "binary sigmoid:1")
    assert forest.features == ("age", "net_income", "debt", "years")
    assert [str(number) for number in forest.trees[1].left] == value_of(text, 1, "left_child")


def test_line_ends_of_windows_change_nothing(text: str) -> None:
    assert read_forest(text.replace("\n", "\r\n").encode()) == read_forest(text.encode())


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("left_child", "99", "tree 1 has the left_child 99, outside -7 to 5"),
        ("right_child", "-8", "tree 1 has the right_child -8, outside -7 to 5"),
        ("left_child", "123456789012345678901234567890", "outside -7 to 5"),
        ("left_child", "0", "reaches node 0 twice"),
        ("split_feature", "4", "tree 1 has the split_feature 4, outside 0 to 3"),
        ("split_feature", "-1", "outside 0 to 3"),
        ("split_feature", "0.5", "a split_feature that is no whole number"),
        ("threshold", "nan", "a threshold that is no limit"),
        ("threshold", "x", "a threshold that is no number"),
        ("leaf_value", "inf", "a leaf_value that is not finite"),
        ("leaf_value", "nan", "a leaf_value that is not finite"),
        ("decision_type", "12", "has the decision type 12"),
        ("decision_type", "128", "outside 0 to 127"),
        ("leaf_value", "1 1", "8 of leaf_value, not 7"),
        ("leaf_count", "1 1", "8 of leaf_count for 7 leaves"),
        ("threshold", "", "5 of threshold, not 6"),
    ],
)
def test_one_wrong_number_is_named(text: str, key: str, value: str, said: str) -> None:
    assert said in refusal(edited(text, key, 0, value))


def test_a_node_that_is_its_own_child_is_named(text: str) -> None:
    inner = next(place for place, child in enumerate(value_of(text, 1, "left_child")) if place and child)
    assert f"reaches node {inner} twice" in refusal(edited(text, "left_child", inner, str(inner)))


def test_a_ring_that_the_root_never_reaches_is_named() -> None:
    """Every node and leaf has one parent here; only a walk from the root tells."""
    head = "tree\nnum_class=1\nnum_tree_per_iteration=1\nmax_feature_idx=0\nfeature_names=a\n\nTree=0\nnum_leaves=4\n"
    tree = "split_feature=0 0 0\nthreshold=1 1 1\ndecision_type=2 2 2\nleft_child=-1 2 1\nright_child=-2 -3 -4\n"
    told = refusal(f"{head}{tree}leaf_value=1 2 3 4\nend of trees\n")
    assert told == "tree 0 reaches 1 of 3 nodes and 2 of 4 leaves"


@pytest.mark.parametrize(
    ("found", "instead", "said"),
    [
        ("tree\n", "forest\n", "doesn't begin with the line tree"),
        ("end of trees", "", "ends before the line end of trees"),
        ("num_class=1", "num_class=0", "num_class 0, outside 1 to 100"),
        ("num_class=1", "num_class=1000000000", "outside 1 to 100"),
        ("max_feature_idx=3", "max_feature_idx=4", "names 4 features and speaks of 5"),
        ("max_feature_idx=3", "", "its head has no max_feature_idx"),
        ("feature_names=age", "feature_names=debt", "aren't named once each"),
        ("Tree=2\n", "Tree=7\n", "tree 2 is headed 'Tree=7'"),
        ("num_leaves=7", "num_leaves=999999999", "outside 1 to 131072"),
        ("num_leaves=7", "num_leaves=6", "7 of leaf_value, not 6"),
        ("num_leaves=7", "num_leaves=7\nnum_leaves=6", "says 'num_leaves' twice"),
        ("tree_sizes=", "tree_sizes=1 ", "its head speaks of 5 trees and it has 4"),
        ("objective=binary sigmoid:1", "objective=\x1b[31m", "its objective is"),
    ],
)
def test_a_wrong_head_is_named(text: str, found: str, instead: str, said: str) -> None:
    assert said in refusal(text.replace(found, instead, 1))


@pytest.mark.parametrize("cut", [0.1, 0.3, 0.5])
def test_a_file_cut_short_is_refused(text: str, cut: float) -> None:
    assert "ends before" in refusal(text[: int(cut * text.index("end of trees"))])


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(Unreadable, match="not text"):
        read_forest(b"tree\n\xff\xfe")


@pytest.mark.parametrize(
    ("options", "said"),
    [({"categorical": [0, 1]}, "splits by categories"), ({"linear_tree": True}, "linear models in its leaves")],
)
def test_trees_of_another_kind_are_named(options: dict[str, Any], said: str) -> None:
    model = lightgbm_models.trained(rounds=3, **options)
    with pytest.raises(Unsupported, match=said):
        read_forest(model.model_to_string().encode())


# --- Whatever is done to a file --------------------------------------------------------------------------

WORDS = (
    "",
    "0",
    "1",
    "-1",
    "-2",
    "3",
    "5",
    "-7",
    "99",
    "-99",
    "1e400",
    "inf",
    "-inf",
    "nan",
    "2147483648",
    "x",
    "\x00",
)


def mutated(text: str, rng: np.random.Generator) -> str:
    """One to three things done to the lines that count, as an attacker or a broken disk might."""
    end = text.index("end of trees") + len("end of trees\n")
    lines = text[:end].split("\n")
    for _ in range(rng.integers(1, 4)):
        place = int(rng.integers(len(lines)))
        deed = rng.integers(6)
        if deed <= 2 and "=" in lines[place]:
            key, _, value = lines[place].partition("=")
            words = value.split(" ")
            words[rng.integers(len(words))] = str(rng.choice(WORDS))
            lines[place] = f"{key}={' '.join(words)}"
        elif deed == 3:
            del lines[place]
        elif deed == 4:
            lines.insert(int(rng.integers(len(lines))), lines[place])
        else:
            letter = int(rng.integers(max(1, len(lines[place]))))
            lines[place] = lines[place][:letter] + chr(rng.integers(32, 127)) + lines[place][letter + 1 :]
    return "\n".join(lines)


def walked(tree: Tree, row: np.ndarray) -> float:
    """What the tree says of a row without missing values and zeros."""
    node = 0 if len(tree.leaves) > 1 else -1
    while node >= 0:
        goes_left = row[tree.features[node]] <= tree.thresholds[node]
        node = tree.left[node] if goes_left else tree.right[node]
    return tree.leaves[~node]


PREDICT_ALL = """
import json, sys
import lightgbm, numpy
rows = numpy.array(json.load(open(sys.argv[2])))
for text in json.load(open(sys.argv[1])):
    try:
        model = lightgbm.Booster(model_str=text)
        print("sums", json.dumps(model.predict(rows, raw_score=True, num_threads=1).tolist()))
    except lightgbm.basic.LightGBMError:
        print("sums null")  # refused in its own words
"""


@pytest.mark.slow
def test_every_mutation_is_refused_or_predicts_what_its_trees_say(text: str, tmp_path: Any) -> None:
    rng = np.random.default_rng(11)
    kept: list[Forest] = []
    for _ in range(MUTATIONS):
        try:
            kept.append(read_forest(mutated(text, rng).encode()))
        except (Unreadable, Unsupported):
            continue
    assert MUTATIONS / 20 < len(kept) < MUTATIONS / 2
    kept = [forest for forest in kept if len(forest.features) == 4 and not forest.averages]
    rows = lightgbm_models.inputs(20, missing=0, seed=3)
    (tmp_path / "texts.json").write_text(json.dumps([forest.text() for forest in kept]))
    (tmp_path / "rows.json").write_text(json.dumps(rows.tolist()))
    command = [sys.executable, "-c", PREDICT_ALL, str(tmp_path / "texts.json"), str(tmp_path / "rows.json")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    answers = [json.loads(line[5:]) for line in done.stdout.splitlines() if line.startswith("sums ")]
    judged = [(forest, told) for forest, told in zip(kept, answers, strict=True) if told is not None]
    assert len(judged) > 0.9 * len(kept)
    for forest, told in judged:
        expected = [sum(walked(tree, row) for tree in forest.trees) for row in rows]
        np.testing.assert_allclose(told, expected, rtol=1e-12, atol=1e-15)
