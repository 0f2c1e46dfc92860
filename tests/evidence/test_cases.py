"""The rows behind a comparison: the right ones, in the order asked for, and never without a line in the ledger."""

from typing import Any

import numpy as np
import pytest

from accounts.reasons import Forbidden, Invalid
from accounts.roles import Role
from audit.models import AuditEvent
from evidence import cases as reading
from evidence.actions import cases as showing
from evidence.actions import compare_evaluations, lock_dataset
from evidence.actions.cases import export_cases, show_cases
from evidence.actions.evaluate import store_evaluation
from evidence.cases import BY_CHANGE, Asked, RowByRow, comparison_of, count_cases, decision_counts, segment_asked
from evidence.labels import Declaration
from evidence.loading import load_rows
from evidence.models import ExposureEntry, LockedDataset, Provenance
from registry.actions import create_dataset
from registry.models import Task
from registry.stores import BytesGone, store
from tests import factories

pytestmark = pytest.mark.django_db

ROWS = 90
CHANCE = np.random.default_rng(11)
TRUTH = CHANCE.random(ROWS) < 0.4
REGION = np.array(["no:rth", "south", "west"])[CHANCE.integers(0, 3, ROWS)]
# Rounded, so that many rows change by as much as others do.
BEFORE, AFTER = (np.round(CHANCE.random(ROWS), 1) for _ in range(2))
RIGHT = (BEFORE >= 0.4) == TRUTH, (AFTER >= 0.6) == TRUTH
OUTCOME = np.select(
    [RIGHT[0] & RIGHT[1], ~RIGHT[0] & RIGHT[1], RIGHT[0]], ["both_right", "fixed", "broken"], "both_wrong"
)


def locked_table(header: str, lines: list[str], declared: Declaration) -> LockedDataset:
    dataset = create_dataset("cases", actor=factories.persona("sam"))
    return lock_dataset(dataset, ["\n".join([header, *lines]).encode()], declared, actor=factories.persona("sam"))


def compared(locked: LockedDataset, before: Any, after: Any, **facts: Any) -> RowByRow:
    model, rows = factories.model_named(), load_rows(locked)
    thresholds = (0.4, 0.6) if locked.task == Task.BINARY else (None, None)
    sides = []
    for scores, threshold in zip((before, after), thresholds, strict=True):
        version = factories.version_of(model, task=locked.task, decision_threshold=threshold, **facts)
        sides.append(store_evaluation(version, locked, rows, scores, provenance=Provenance.SCORED))
    baseline, candidate = sides
    compare_evaluations(candidate, baseline)
    found = comparison_of(candidate.version, baseline.version, locked)
    assert found is not None
    return found


@pytest.fixture
def comparison() -> RowByRow:
    lines = [
        f"id{row},{row / 4 if row % 7 else ''},word {row},{REGION[row]},{'yes' if TRUTH[row] else 'no'}"
        for row in range(ROWS)
    ]
    declared = Declaration("id", "approved", "yes", ["region"])
    return compared(locked_table("id,amount,note,region,approved", lines, declared), BEFORE, AFTER)


@pytest.fixture
def riley() -> Any:
    return factories.persona("riley")


def all_pages(comparison: RowByRow, asked: Asked, who: Any) -> list[int]:
    numbers: list[int] = []
    while True:
        shown = show_cases(comparison, asked, actor=who)
        numbers += [case.number for case in shown.cases]
        if shown.next_after is None:
            return numbers
        asked = Asked(asked.outcome, asked.column, asked.segment, asked.by, shown.next_after)


# --- Which rows --------------------------------------------------------------------------------------


@pytest.mark.parametrize("outcome", ["both_right", "fixed", "broken", "both_wrong"])
@pytest.mark.parametrize("region", ["", "no:rth", "south"])
def test_the_rows_of_an_outcome_in_a_segment_come_in_the_order_of_the_data(
    comparison, riley, monkeypatch, outcome, region
):
    monkeypatch.setattr(showing, "PAGE_SIZE", 4)
    asked = Asked(outcome, "region" if region else "", region)
    wanted = [row for row in range(ROWS) if OUTCOME[row] == outcome and region in {"", REGION[row]}]
    assert wanted
    assert all_pages(comparison, asked, riley) == wanted
    assert count_cases(comparison, asked) == len(wanted)


def test_the_largest_change_comes_first_and_equal_ones_as_in_the_data(comparison, riley, monkeypatch):
    monkeypatch.setattr(showing, "PAGE_SIZE", 7)
    by_hand = sorted(range(ROWS), key=lambda row: (-abs(AFTER[row] - BEFORE[row]), row))
    assert all_pages(comparison, Asked(by=BY_CHANGE), riley) == by_hand
    broken = [row for row in by_hand if OUTCOME[row] == "broken"]
    assert all_pages(comparison, Asked("broken", by=BY_CHANGE), riley) == broken


def test_counts_of_segments_add_up_to_those_of_all_rows(comparison):
    of_groups = [decision_counts(comparison, "region", group) for group in ("no:rth", "south", "west")]
    for kind, rows in decision_counts(comparison).items():
        assert sum(counts[kind] for counts in of_groups) == rows == (kind == OUTCOME).sum()


@pytest.mark.parametrize("outcome", ["both_right", "fixed", "broken", "both_wrong"])
def test_what_was_compared_the_other_way_round_is_read_from_this_side(comparison, riley, outcome):
    back = comparison_of(comparison.baseline.version, comparison.candidate.version, comparison.candidate.dataset)
    assert back is not None
    there = {"fixed": "broken", "broken": "fixed"}.get(outcome, outcome)
    wanted = [row for row in range(ROWS) if OUTCOME[row] == there]
    shown = show_cases(back, Asked(outcome), actor=riley).cases
    assert [case.number for case in shown] == wanted[: showing.PAGE_SIZE]
    assert {case.outcome for case in shown} == {outcome}
    assert count_cases(back, Asked(outcome)) == len(wanted)
    for region in ("no:rth", "south", "west"):
        counts = decision_counts(back, "region", region)
        assert counts[outcome] == sum(OUTCOME[row] == there and REGION[row] == region for row in range(ROWS))
    first = shown[0]
    assert (first.baseline.score, first.candidate.score) == (AFTER[first.number], BEFORE[first.number])


def test_a_file_of_many_rows_fetches_each_stored_file_once(comparison, riley, monkeypatch):
    fetched, real = [], type(store()).as_file
    monkeypatch.setattr(type(store()), "as_file", lambda self, digest: (fetched.append(digest), real(self, digest))[1])
    monkeypatch.setattr(reading, "_READ_AT_ONCE", 7)
    assert len(list(export_cases(comparison, Asked(), actor=riley))) == ROWS
    assert len(fetched) == len(set(fetched)) == 4


def test_a_count_reads_no_file(comparison, monkeypatch):
    monkeypatch.setattr("evidence.cases.store", lambda: 1 / 0)
    monkeypatch.setattr("evidence.cases.locked_file", lambda _: 1 / 0)
    assert count_cases(comparison, Asked("broken")) == (OUTCOME == "broken").sum()


def test_a_segment_is_found_whatever_its_name_holds(comparison):
    locked = comparison.candidate.dataset
    assert segment_asked("region:no:rth", locked) == ("region", "no:rth")
    assert segment_asked("", locked) == ("", "")
    for text in ("region:east", "region", "amount:1", "no:rth"):
        with pytest.raises(Invalid, match="has no segment"):
            segment_asked(text, locked)


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (Asked("closer"), "no_such_outcome"),
        (Asked(column="region", segment="east"), "no_such_segment"),
        (Asked(by="beauty"), "no_such_order"),
    ],
)
def test_a_filter_that_can_not_be_is_refused_and_nothing_noted(comparison, riley, asked, code):
    for show in (show_cases, export_cases):
        with pytest.raises(Invalid) as refused:
            show(comparison, asked, actor=riley)
        assert refused.value.reason.code == code
    assert not ExposureEntry.objects.filter(what="rows").exists()


def test_after_the_last_row_there_is_none_and_nothing_is_noted(comparison, riley):
    for by in ("", BY_CHANGE):
        assert show_cases(comparison, Asked(by=by, after=10**9), actor=riley).cases == []
    assert not ExposureEntry.objects.filter(what="rows").exists()


# --- What is in them ---------------------------------------------------------------------------------


def test_a_row_is_shown_with_what_both_versions_said(comparison, riley):
    shown = show_cases(comparison, Asked(), actor=riley).cases
    for row, case in enumerate(shown):
        assert (case.number, case.id, case.outcome) == (row, f"id{row}", OUTCOME[row])
        assert case.truth == ("yes" if TRUTH[row] else "not yes")
        assert (case.baseline.score, case.candidate.score) == (BEFORE[row], AFTER[row])
        assert case.baseline.decided == ("yes" if BEFORE[row] >= 0.4 else "not yes")
        assert case.candidate.decided == ("yes" if AFTER[row] >= 0.6 else "not yes")
        assert case.segments == {"region": REGION[row]}
        assert case.inputs == {"amount": row / 4 if row % 7 else None, "note": f"word {row}"}


def test_rows_of_numbers_are_nearer_the_truth_or_farther(riley):
    lines = [f"r{row},{row},{10 * row}" for row in range(1, 5)]
    locked = locked_table("id,size,price", lines, Declaration("id", "price", task="regression"))
    found = compared(locked, np.array([12.0, 20, 31, 40]), np.array([11.0, 22, 29, 40]))
    shown = show_cases(found, Asked(by=BY_CHANGE), actor=riley).cases
    assert [(case.id, case.truth, case.candidate.score, case.outcome) for case in shown] == [
        ("r2", 20.0, 22.0, "farther"),
        ("r3", 30.0, 29.0, "equal"),
        ("r1", 10.0, 11.0, "closer"),
        ("r4", 40.0, 40.0, "equal"),
    ]
    assert shown[0].candidate.decided == ""


def test_rows_of_classes_say_which_class_and_how_sure(riley):
    lines = ["r1,1,cat", "r2,2,dog", "r3,3,emu"]
    locked = locked_table("id,size,kind", lines, Declaration("id", "kind", task="multiclass"))
    before = np.array([[0.8, 0.1, 0.1], [0.5, 0.3, 0.2], [0.1, 0.1, 0.8]])
    after = np.array([[0.7, 0.2, 0.1], [0.1, 0.9, 0.0], [0.6, 0.1, 0.3]])
    found = compared(locked, before, after, contract={"classes": ["cat", "dog", "emu"]})
    shown = show_cases(found, Asked(by=BY_CHANGE), actor=riley).cases
    told = [(case.id, case.truth, case.outcome, case.candidate.decided, case.candidate.score) for case in shown]
    assert told == [  # half the sum of what each class gained or lost: 0.6, 0.5, 0.1
        ("r2", "dog", "fixed", "dog", 0.9),
        ("r3", "emu", "broken", "cat", 0.6),
        ("r1", "cat", "both_right", "cat", 0.7),
    ]


# --- Who, and the ledger -----------------------------------------------------------------------------


@pytest.mark.parametrize("role", list(Role))
def test_rows_are_for_reviewers_approvers_and_auditors(comparison, role):
    someone = factories.person("Someone", role, model=comparison.candidate.version.model)
    if role in {Role.REVIEWER, Role.APPROVER, Role.AUDITOR}:
        assert show_cases(comparison, Asked(), actor=someone).cases
        return
    for show in (show_cases, export_cases):
        with pytest.raises(Forbidden, match="for reviewers, approvers and auditors"):
            show(comparison, Asked(), actor=someone)
    assert not ExposureEntry.objects.filter(what="rows").exists()


def test_each_page_shown_is_one_entry_and_one_event(comparison, riley):
    show_cases(comparison, Asked("broken", "region", "south"), actor=riley)
    show_cases(comparison, Asked(after=30), actor=riley)
    first, second = ExposureEntry.objects.filter(what="rows").order_by("pk")
    assert (first.dataset, first.who, first.version) == (comparison.candidate.dataset, "riley", "loan v2")
    assert second.who == "riley"
    one, other = AuditEvent.objects.filter(verb="evidence.rows_shown").order_by("pk")
    wanted = sum(OUTCOME[row] == "broken" and REGION[row] == "south" for row in range(ROWS))
    assert one.after == {
        "dataset": "cases@1",
        "against": "loan v1",
        "filter": {"outcome": "broken", "column": "region", "segment": "south"},
        "rows": wanted,
    }
    assert (other.actor, other.after["filter"], other.after["rows"]) == ("riley", {"after": 30}, 25)


def test_a_file_is_noted_before_its_first_row_leaves(comparison, riley, monkeypatch):
    monkeypatch.setattr(showing, "MOST_EXPORTED", 50)
    rows = export_cases(comparison, Asked(), actor=riley)
    event = AuditEvent.objects.get(verb="evidence.rows_exported")
    assert (event.subject_name, event.after["rows"]) == ("loan v2", 50)
    assert ExposureEntry.objects.filter(what="rows", who="riley").count() == 1
    assert [case.number for case in rows] == list(range(50))


def test_what_can_not_be_read_is_not_noted_as_shown(comparison, riley):
    store().remove(comparison.candidate.dataset.rows_digest)
    for show in (show_cases, export_cases):
        with pytest.raises(BytesGone):
            show(comparison, Asked("broken"), actor=riley)
    assert not ExposureEntry.objects.filter(what="rows").exists()
    assert not AuditEvent.objects.filter(verb__startswith="evidence.rows").exists()
