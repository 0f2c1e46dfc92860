from pathlib import Path

from tests.sharing_out import LONGEST, unit_of

ROOT = Path(__file__).parent.parent


def test_files_that_name_the_same_group_are_shared_out_together() -> None:
    assert unit_of(ROOT / "tests/config/test_demo.py") == "demo"
    assert unit_of(ROOT / "tests/browser/test_deciding.py") == "demo"


def test_any_other_file_is_shared_out_by_itself() -> None:
    paths = [ROOT / "tests/accounts/test_people.py", ROOT / "tests/accounts/test_tokens.py"]
    assert [unit_of(path) for path in paths] == [str(path) for path in paths]


def test_the_longest_files_are_there() -> None:
    assert [path for path in LONGEST if not (ROOT / path).is_file()] == []
