from typing import Any

import pytest

from approvals.gates import GATES
from approvals.gates.sizes import bytes_of, size_in_words
from registry.actions import add_artifact_file
from registry.models import Model, Version
from tests import factories
from tests.approvals.judging import judge


@pytest.fixture
def version(loan: Model) -> Version:
    """A version of two files, 2,500 bytes together."""
    version = factories.version_of(loan, final=False)
    dana = factories.persona("dana")
    add_artifact_file(version, "model.onnx", [b"x" * 2000], actor=dana)
    add_artifact_file(version, "labels.txt", [b"y" * 500], actor=dana)
    from approvals.intake import finalise_version

    finalise_version(version, actor=dana)
    version.refresh_from_db()
    return version


@pytest.mark.parametrize("limit", [2500, "2.5 kB", "3 KiB", "1 TB"])
def test_all_files_together_up_to_the_limit_pass(version: Version, limit: int | str) -> None:
    run = judge(version, "artifact_size", at_most_bytes=limit)
    assert (run.outcome, run.details["bytes"]) == ("passed", 2500)


@pytest.mark.parametrize("limit", [2499, "2.4 KiB"])
def test_a_byte_more_than_the_limit_fails_and_names_the_largest_file(version: Version, limit: int | str) -> None:
    run = judge(version, "artifact_size", at_most_bytes=limit)
    assert run.outcome == "failed"
    assert run.summary.endswith("the largest file is model.onnx, 2.0 kB")


def test_sizes_that_look_the_same_rounded_are_told_to_the_byte(version: Version) -> None:
    assert judge(version, "artifact_size", at_most_bytes=2499).summary.startswith("2,500 bytes > 2,499 bytes")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1 B", 1), ("200 MB", 200_000_000), ("1.5GiB", 1_610_612_736), (" 7 kB ", 7000), ("7 KB", 7000), (1, 1)],
)
def test_sizes_are_read_as_people_write_them(text: int | str, expected: int) -> None:
    assert bytes_of(text) == expected


@pytest.mark.parametrize(
    "wrong", ["200", "MB", "2,5 MB", "-3 MB", "1e3 MB", "3 mb", "0 MB", 0, -5, True, 2.5, None, ["1"]]
)
def test_what_is_no_size_is_refused_when_the_policy_is_published(wrong: Any) -> None:
    with pytest.raises(ValueError, match=r"size|at_most_bytes"):
        GATES["artifact_size"].read_parameters({"at_most_bytes": wrong})


@pytest.mark.parametrize(
    ("amount", "words"), [(999, "999 bytes"), (1000, "1.0 kB"), (51_600_000, "51.6 MB"), (2.5e12, "2.5 TB")]
)
def test_sizes_in_words(amount: float, words: str) -> None:
    assert size_in_words(amount) == words
