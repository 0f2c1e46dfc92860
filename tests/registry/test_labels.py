"""Labels as semantic versions: the grammar's own examples."""

import pytest

from registry.labels import semantic_version


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("0.0.4", (0, 0, 4)),
        ("10.20.30", (10, 20, 30)),
        ("v2.1.0", (2, 1, 0)),
        ("1.0.0-alpha.beta.1", (1, 0, 0)),
        ("1.1.2-prerelease+meta", (1, 1, 2)),
        ("2.0.0+build.1848", (2, 0, 0)),
        ("99999999999999999.0.0", (99999999999999999, 0, 0)),
    ],
)
def test_a_semantic_version_is_read(label: str, expected: tuple[int, int, int]) -> None:
    assert semantic_version(label) == expected


@pytest.mark.parametrize(
    "label",
    [
        "",
        "1",
        "1.2",
        "01.1.1",
        "1.01.1",
        "1.2.3.4",
        "1.2.3-",
        "1.2.3+",
        "1.2.3-äh",
        "champion",
        "1.2.3\n",
        "-1.0.3",
        "\u0661.\u0662.\u0663",
    ],
)
def test_anything_else_is_none(label: str) -> None:
    assert semantic_version(label) is None
