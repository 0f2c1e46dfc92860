"""Locking data: what can't be right is refused by name; what is locked gives away its inputs, never its labels."""

import csv
import hashlib
import io
from itertools import permutations

import pytest

from accounts.reasons import Conflict, Invalid, TooLarge
from audit.models import AuditEvent
from evidence.actions import hand_out_inputs, lock_dataset
from evidence.labels import Declaration, sorted_classes
from evidence.loading import load_rows
from evidence.models import ExposureEntry, LockedDataset
from registry.actions import create_dataset
from registry.models import Dataset, DatasetVersion
from tests.factories import persona

pytestmark = pytest.mark.django_db
HEADER = "id,amount,region,approved"
ROWS = ["a1,10,north,yes", "a2,20,south,no", "a3,,north,no", "a4,40.5,south,yes"]
DECLARED = Declaration("id", "approved", "yes", ["region"])


@pytest.fixture
def dataset():
    return create_dataset("loan-holdout", actor=persona("sam"))


def text_of(*rows, header=HEADER) -> bytes:
    return "\n".join([header, *rows]).encode()


@pytest.fixture
def lock(dataset):
    def locked(content: bytes = text_of(*ROWS), declared: Declaration = DECLARED) -> LockedDataset:
        return lock_dataset(dataset, [content[:7], content[7:]], declared, actor=persona("sam"))

    return locked


def nothing_noted() -> bool:
    counted = Dataset.objects.get().versions_registered
    locked = AuditEvent.objects.filter(verb__in=["dataset.locked", "dataset.version_added"])
    return not (counted or DatasetVersion.objects.exists() or LockedDataset.objects.exists() or locked.exists())


def test_a_locked_dataset_knows_its_bytes_rows_and_columns(lock):
    locked = lock()
    assert (str(locked), locked.rows, locked.positives) == ("loan-holdout@1", 4, 2)
    assert locked.digest == hashlib.sha256(text_of(*ROWS)).hexdigest()
    assert locked.size == len(text_of(*ROWS))
    assert [(column["name"], column["type"]) for column in locked.columns] == [
        ("id", "text"),
        ("amount", "number"),
        ("region", "text"),
        ("approved", "text"),
    ]
    assert locked.input_columns == ["amount", "region"]
    event = AuditEvent.objects.get(verb="dataset.locked")
    assert (event.actor, event.subject_name, event.after["rows"]) == ("sam", "loan-holdout@1", 4)


def test_labels_and_segments_are_read_back_in_order(lock):
    rows = load_rows(lock())
    assert rows.truth.tolist() == [True, False, False, True]
    region = rows.segments["region"]
    assert [region.names[place] for place in region.places] == ["north", "south", "north", "south"]


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(lock):
    content = b"\xef\xbb\xbf" + "\r\n".join([HEADER, *ROWS, ""]).encode()
    assert lock(content).rows == 4


def test_quoted_fields_may_hold_commas_and_line_breaks(lock):
    assert lock(text_of('a1,"one, or\ntwo",north,yes', "a2,2,south,no")).rows == 2


BAD_FILES = {
    "no target": (text_of("a1,1,north", header="id,amount,region"), "no_such_column", "'approved'"),
    "no id": (text_of("1,north,yes", header="amount,region,approved"), "no_such_column", "'id'"),
    "no segment": (text_of("a1,1,yes", header="id,amount,approved"), "no_such_column", "segment region"),
    "an empty label": (text_of(*ROWS, "a5,1,north,"), "missing_labels", "line 6"),
    "a NaN label": (text_of(*ROWS, "a5,1,north,NaN"), "missing_labels", "line 6"),
    "a null label": (text_of("a0,1,north, null ", *ROWS), "missing_labels", "line 2"),
    "ids twice": (text_of(*ROWS, "a1,1,north,no"), "duplicate_ids", "'a1'"),
    "an empty id": (text_of(*ROWS, ",1,north,no"), "missing_ids", "line 6"),
    "three classes": (text_of(*ROWS, "a5,1,north,maybe"), "not_binary", "maybe"),
    "one class": (text_of("a1,1,north,yes", "a2,1,north,yes"), "not_binary", "'yes'"),
    "another positive": (text_of("a1,1,north,Yes", "a2,1,north,No"), "not_binary", "'yes'"),
    "a short row": (text_of(*ROWS, "a5,1,north"), "ragged_csv", "Line 6"),
    "a long row": (text_of("a5,1,north,no,more", *ROWS), "ragged_csv", "Line 2"),
    "not UTF-8": ("id,amount,region,approved\na1,1,nörd,yes\na2,1,x,no".encode("latin-1"), "not_csv", "UTF-8"),
    "UTF-16": ("\n".join([HEADER, *ROWS]).encode("utf-16"), "not_csv", "UTF-8"),
    "a header twice": (text_of("a1,1,2,n,yes", header="id,amount,amount,region,approved"), "bad_header", "amount"),
    "a nameless column": (text_of("a1,1,,n,yes", header="id,amount,,region,approved"), "bad_header", "empty"),
    "a column's name too long": (text_of(*ROWS, header=f"id,{'a' * 129},region,approved"), "bad_header", "128"),
    "no header": (b"", "bad_header", "none at all"),
    "no row": (HEADER.encode(), "no_rows", "no rows"),
    "an open quote": (text_of(*ROWS, 'a5,1,"north,no'), "not_csv", "line"),
    "a field too long": (text_of(*ROWS, f"a5,{'1' * 3_000_000},north,no"), "not_csv", "line 6"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "not_csv", "UTF-8"),
    "a segment's name too long": (text_of(*ROWS, f"a5,1,{'n' * 129},no"), "segment_too_long", "'region'"),
}


NUMBERS = Declaration("id", "approved", segments=["region"], task="regression")
CLASSES = Declaration("id", "approved", segments=["region"], task="multiclass")
MISDECLARED = {
    "words for a regression": (NUMBERS, "not_numeric", "'yes' in line 2"),
    "a positive number": (
        Declaration("id", "amount", "10", task="regression"),
        "positive_without_binary",
        "regression",
    ),
    "a positive class": (
        Declaration("id", "region", "north", task="multiclass"),
        "positive_without_binary",
        "multiclass",
    ),
    "no positive": (Declaration("id", "approved"), "not_declared", "counts as yes"),
    "an unknown task": (Declaration("id", "approved", "yes", task="ranking"), "unknown_task", "'ranking'"),
    "numbers with gaps": (Declaration("id", "amount", task="regression"), "missing_labels", "line 4"),
}


@pytest.mark.parametrize(("declared", "code", "named"), MISDECLARED.values(), ids=MISDECLARED)
def test_a_target_that_is_not_of_its_task_is_refused_by_name(lock, declared, code, named):
    with pytest.raises(Invalid) as refused:
        lock(declared=declared)
    assert refused.value.reason.code == code
    assert named in str(refused.value)
    assert nothing_noted()


@pytest.mark.parametrize(("number", "named"), [("inf", "'inf' in line 3"), ("1e999", "'1e999' in line 3")])
def test_a_target_that_is_infinite_is_no_number(lock, number, named):
    content = text_of("a1,1,north,5", f"a2,1,north,{number}")
    with pytest.raises(Invalid, match=named):
        lock(content, NUMBERS)


@pytest.mark.parametrize("number", ["1e31", "-1e31", "1e-31", "5e-324"])
def test_a_target_whose_errors_can_not_be_squared_is_refused(lock, number):
    with pytest.raises(Invalid, match="in line 3: errors of such a size") as refused:
        lock(text_of("a1,1,north,5", f"a2,1,north,{number}"), NUMBERS)
    assert refused.value.reason.code == "out_of_range"
    assert lock(text_of("a1,1,north,0", "a2,1,north,-1e-30", "a3,1,north,1e30"), NUMBERS).rows == 3


def test_columns_that_are_segments_are_counted(lock):
    names = [f"s{place}" for place in range(31)]
    content = f"id,{','.join(names)}\na1,{','.join('x' * 31)}\n".encode()
    with pytest.raises(Invalid, match="31 columns are declared as segments") as refused:
        lock(content, Declaration("id", segments=names))
    assert refused.value.reason.code == "too_many_segment_columns"
    assert lock(content, Declaration("id", segments=names[:30])).segment_columns == names[:30]


@pytest.mark.parametrize(("classes", "code"), [(1, "one_class"), (101, "too_many_classes")])
def test_several_classes_are_two_to_a_hundred(lock, classes, code):
    content = text_of(*(f"a{n},1,north,class {n % classes}" for n in range(202)))
    with pytest.raises(Invalid) as refused:
        lock(content, CLASSES)
    assert refused.value.reason.code == code
    assert nothing_noted()


def test_classes_are_kept_in_the_order_of_numbers_if_they_are_numbers(lock):
    assert lock(text_of("a1,1,n,10", "a2,1,n,9", "a3,1,n,10"), CLASSES).classes == ["9", "10"]


def test_classes_are_kept_in_the_order_of_letters_if_they_are_words(lock):
    assert lock(text_of("a1,1,n,pear", "a2,1,n,10", "a3,1,n,apple"), CLASSES).classes == ["10", "apple", "pear"]


@pytest.mark.parametrize(("content", "code", "named"), BAD_FILES.values(), ids=BAD_FILES)
def test_a_file_that_can_not_be_right_is_refused_by_name_and_nothing_noted(lock, content, code, named):
    with pytest.raises(Invalid) as refused:
        lock(content)
    assert refused.value.reason.code == code
    assert named in str(refused.value)
    assert nothing_noted()


def test_a_column_of_a_hundred_thousand_groups_is_no_segment(lock):
    rows = [f"a{number},1,group {number},{'yes' if number % 2 else 'no'}" for number in range(100_000)]
    with pytest.raises(Invalid, match="100,000 different values") as refused:
        lock(text_of(*rows))
    assert "100 groups at most" in refused.value.reason.remedy
    assert nothing_noted()


@pytest.mark.parametrize(("groups", "taken"), [(100, True), (101, False)])
def test_a_segment_column_has_a_hundred_groups_at_most(lock, groups, taken):
    content = text_of(
        *(f"a{number},1,group {number % groups},{'yes' if number % 2 else 'no'}" for number in range(250))
    )
    if taken:
        assert lock(content).rows == 250
    else:
        with pytest.raises(Invalid, match="101 different values"):
            lock(content)


@pytest.mark.parametrize(
    "declared",
    [
        Declaration("approved", "approved", "yes"),
        Declaration("id", "approved", "yes", ["approved"]),
        Declaration("id", "approved", "yes", ["id"]),
        Declaration("id", "approved", "yes", ["region", "region"]),
    ],
    ids=["target as id", "target as segment", "id as segment", "a segment twice"],
)
def test_a_column_is_declared_for_one_thing(lock, declared):
    with pytest.raises(Invalid) as refused:
        lock(declared=declared)
    assert refused.value.reason.code == "column_used_twice"
    assert nothing_noted()


def test_a_dataset_over_the_limit_is_refused(lock, settings):
    settings.MAX_DATASET_BYTES = 20
    with pytest.raises(TooLarge):
        lock()
    assert nothing_noted()


def test_the_same_bytes_are_locked_once(lock):
    lock()
    with pytest.raises(Conflict, match="loan-holdout@1"):
        lock()
    assert LockedDataset.objects.count() == 1


# --- Inputs leave, labels don't -----------------------------------------------------------------------


def inputs_of(locked) -> list[list[str]]:
    content = b"".join(hand_out_inputs(locked, actor=persona("dana"))).decode()
    return list(csv.reader(io.StringIO(content)))


def test_the_inputs_hold_ids_and_features_in_the_datasets_order(lock):
    assert inputs_of(lock()) == [
        ["id", "amount", "region"],
        ["a1", "10", "north"],
        ["a2", "20", "south"],
        ["a3", "", "north"],
        ["a4", "40.5", "south"],
    ]


@pytest.mark.parametrize("place", range(4))
def test_labels_never_leave_wherever_their_column_stands(lock, place):
    names = ["id", "amount", "region"]
    names.insert(place, "approved")
    labels = ["LABEL-yes", "LABEL-no"]
    rows = []
    for number in range(6):
        fields = [f"a{number}", str(number), "north"]
        fields.insert(place, labels[number % 2])
        rows.append(",".join(fields))
    locked = lock(text_of(*rows, header=",".join(names)), Declaration("id", "approved", "LABEL-yes", ["region"]))
    handed_out = inputs_of(locked)
    assert handed_out[0] == ["id", "amount", "region"]
    assert not any("LABEL" in field for row in handed_out for field in row)


def test_fields_with_commas_and_quotes_survive_the_way_out(lock):
    locked = lock(text_of('a1,1,"north, ""high""",yes', "a2,2,south,no"))
    assert inputs_of(locked)[1] == ["a1", "1", 'north, "high"']


def test_many_rows_leave_whole(lock):
    locked = lock(text_of(*(f"a{n},{n},north,{'yes' if n % 3 else 'no'}" for n in range(2500))))
    assert [row[0] for row in inputs_of(locked)[1:]] == [f"a{n}" for n in range(2500)]


def test_handing_out_inputs_is_in_the_ledger_and_on_the_record(lock):
    locked = lock()
    inputs_of(locked)
    inputs_of(locked)
    entries = list(ExposureEntry.objects.values_list("dataset", "what", "who", "version"))
    assert entries == [(locked.pk, "inputs", "dana", "")] * 2
    assert AuditEvent.objects.filter(verb="dataset.inputs_handed_out", actor="dana").count() == 2


@pytest.mark.parametrize(
    ("labels", "ordered"),
    [
        (["10", "9", "8.5"], ("8.5", "9", "10")),
        (["b", "10", "a"], ("10", "a", "b")),
        (["nan", "2", "10"], ("10", "2", "nan")),
    ],
)
def test_classes_have_one_order_in_every_process(labels, ordered):
    """The word nan stands for a number that is neither before nor behind another: sorted by value it comes anywhere."""
    assert all(sorted_classes(each) == ordered for each in permutations(labels))
