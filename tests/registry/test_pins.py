"""Pointers must be pinned: what can move is refused, with what to give instead."""

import pytest

from accounts.reasons import Conflict, Invalid
from registry.actions import add_dataset_version, create_dataset, find_or_add_pointer
from registry.models import Dataset, DatasetVersion
from registry.pins import check_commit, check_pointer

COMMIT, SHA256, MD5 = "fedcba9876543210" * 2 + "01234567", "0123456789abcdef" * 4, "0123456789abcdef" * 2

PINNED = [
    ("git", COMMIT),
    ("git", SHA256),
    ("dvc", MD5),
    ("dvc", f"{MD5}.dir"),
    ("dvc", COMMIT),
    ("table", "42"),
    ("table", "2026-09-30"),
    ("table", "2026-09-30T00:00Z"),
    ("table", "2026-09-30 12:30:15.25+02:00"),
    ("object", SHA256),
    ("object", f"sha256:{SHA256}"),
]
MOVING = ["latest", "main", "HEAD", "master", "v1.0", "", " ", COMMIT[:7], COMMIT[:39], f"{COMMIT}\n", COMMIT.upper()]
WANTED = {
    "git": "full commit id, 40 hexadecimal digits",
    "dvc": "md5 of the .dvc file",
    "table": "snapshot number or a time",
    "object": "SHA-256, 64 hexadecimal digits",
}


@pytest.mark.parametrize(("kind", "pin"), PINNED)
def test_what_names_one_state_for_ever_is_taken(kind, pin):
    check_pointer(kind, "s3://bucket/loans", pin)


@pytest.mark.parametrize("pin", MOVING, ids=ascii)
def test_what_can_move_is_refused_saying_what_to_give(pin):
    for kind, wanted in WANTED.items():
        with pytest.raises(Invalid) as refused:
            check_pointer(kind, "s3://bucket/loans", pin)
        assert refused.value.reason.code == "not_pinned"
        assert wanted in refused.value.reason.remedy


@pytest.mark.parametrize("folder", ["data/", "s3://bucket/folder/", "."])
@pytest.mark.parametrize("kind", ["git", "dvc", "object", "table"])
def test_a_bare_folder_is_no_pin(kind, folder):
    with pytest.raises(Invalid):
        check_pointer(kind, "s3://bucket/loans", folder)


def test_an_objects_etag_or_a_dvc_md5_is_no_sha256():
    with pytest.raises(Invalid):
        check_pointer("object", "s3://bucket/loans", MD5)


@pytest.mark.parametrize("location", ["", "  ", "\n"])
def test_a_pointer_says_where_the_data_lies(location):
    with pytest.raises(Invalid, match="no location"):
        check_pointer("git", location, COMMIT)


@pytest.mark.parametrize("kind", ["", "http", "GIT", "folder"])
def test_an_unknown_kind_is_refused_naming_the_known(kind):
    with pytest.raises(Invalid, match="git, dvc, table, object"):
        check_pointer(kind, "data", COMMIT)


@pytest.mark.parametrize("commit", [moving for moving in MOVING if moving])
def test_code_is_pinned_by_its_full_commit(commit):
    check_commit(COMMIT)
    with pytest.raises(Invalid, match="git rev-parse HEAD"):
        check_commit(commit)


def test_a_refused_pointer_is_not_noted(dana):
    dataset = create_dataset("loans", actor=dana)
    with pytest.raises(Invalid):
        add_dataset_version(dataset, kind="git", location="data", pin="main", actor=dana)
    assert not DatasetVersion.objects.exists()
    assert Dataset.objects.get().versions_registered == 0


def test_a_pointer_is_registered_once_and_uses_up_no_number(dana):
    dataset = create_dataset("loans", actor=dana)
    first = add_dataset_version(dataset, kind="git", location="data", pin=COMMIT, actor=dana)
    with pytest.raises(Conflict, match=str(first)):
        add_dataset_version(dataset, kind="git", location="data", pin=COMMIT, actor=dana)
    second = add_dataset_version(dataset, kind="git", location="data", pin="f" * 40, actor=dana)
    assert (first.number, second.number) == (1, 2)


def test_a_pointer_named_while_registering_is_found_again(dana):
    pointers = [
        find_or_add_pointer(name, kind="git", location="data", pin=COMMIT, actor=dana) for name in ("loans", "LOANS")
    ]
    assert pointers[0] == pointers[1]
    assert str(pointers[0]) == "loans@1"


def test_parallel_pointers_are_numbered_without_gap_or_double(own_database):
    from tests.factories import persona

    def begin():
        dana = persona("dana")
        return create_dataset("loans", actor=dana).pk, dana

    pk, dana = own_database.do(begin)

    def adder(number):
        pin = f"{number:040x}"
        return lambda: (
            add_dataset_version(Dataset.objects.get(pk=pk), kind="git", location="data", pin=pin, actor=dana).number
        )

    assert sorted(own_database.together([adder(number) for number in range(8)])) == list(range(1, 9))
