"""Predictions handed in: one score for every row, measured here."""

import io
import math

import numpy as np
import pytest
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    brier_score_loss,
    f1_score,
    log_loss,
    precision_score,
    recall_score,
    roc_auc_score,
)

from accounts.reasons import Conflict, Forbidden, Invalid
from audit.models import AuditEvent
from evidence.actions import hand_in_predictions, lock_dataset
from evidence.labels import Declaration
from evidence.loading import load_rows, load_scores
from evidence.models import Evaluation, ExposureEntry
from registry.actions import create_dataset
from tests.evidence.locked_ids import ids_of
from tests.factories import holdout, model_named, persona, version_of

pytestmark = pytest.mark.django_db
ROWS = 40


@pytest.fixture
def locked():
    return holdout(ROWS)


@pytest.fixture
def version():
    return version_of(model_named(), format="pickle", decision_threshold=0.4)


@pytest.fixture
def ids(locked):
    return ids_of(locked)


@pytest.fixture
def scores(ids):
    return dict(zip(ids, np.random.default_rng(3).random(len(ids)).round(6), strict=True))


@pytest.fixture
def hand_in(version, locked):
    def handed(scores, *, header="id,score") -> Evaluation:
        lines = [header, *(f"{row_id},{score}" for row_id, score in scores.items())]
        return text_in("\n".join(lines))

    def text_in(text: str) -> Evaluation:
        return hand_in_predictions(version, locked, io.BytesIO(text.encode()), actor=persona("dana"))

    handed.text = text_in
    return handed


def nothing_noted() -> bool:
    return not (
        Evaluation.objects.exists()
        or ExposureEntry.objects.filter(what="result").exists()
        or AuditEvent.objects.filter(verb="version.predictions_handed_in").exists()
    )


def test_scores_are_measured_as_scikit_learn_measures_them(hand_in, scores, ids, locked):
    evaluation = hand_in(scores)
    truth = load_rows(locked).truth
    given = np.array([scores[row_id] for row_id in ids])
    expected = {
        "auc": roc_auc_score(truth, given),
        "accuracy": accuracy_score(truth, given >= 0.4),
        "log_loss": log_loss(truth, given),
        "recall": recall_score(truth, given >= 0.4),
        "average_precision": average_precision_score(truth, given),
        "precision": precision_score(truth, given >= 0.4),
        "f1": f1_score(truth, given >= 0.4),
        "brier": brier_score_loss(truth, given),
    }
    measured = {value.metric: value.value for value in evaluation.values.filter(column="")}
    assert measured.pop("calibration_error") > 0
    assert measured == pytest.approx(expected, abs=1e-12)


def test_recall_is_measured_in_every_segment(hand_in, scores, ids, locked):
    evaluation = hand_in(scores)
    rows = load_rows(locked)
    given = np.array([scores[row_id] for row_id in ids])
    for group in ("north", "south"):
        inside = rows.segments["region"].inside(group)
        value = evaluation.values.get(metric="recall", column="region", segment=group)
        assert value.value == pytest.approx(recall_score(rows.truth[inside], given[inside] >= 0.4))
        assert value.n == int(rows.truth[inside].sum())


def test_the_order_of_the_lines_does_not_matter(hand_in, scores, ids):
    evaluation = hand_in(dict(reversed(scores.items())))
    assert load_scores(evaluation).tolist() == [scores[row_id] for row_id in ids]


def test_handed_in_scores_are_called_scored_and_released_once(hand_in, scores, locked, version):
    evaluation = hand_in(scores)
    assert (evaluation.provenance, evaluation.isolation, evaluation.rows) == ("scored", "", ROWS)
    assert evaluation.made_by == persona("dana")
    entry = ExposureEntry.objects.get(what="result")
    assert (entry.dataset, entry.who, entry.version) == (locked, "dana", str(version))
    event = AuditEvent.objects.get(verb="version.predictions_handed_in")
    assert (event.actor, event.after["provenance"]) == ("dana", "scored")


def test_further_columns_and_their_order_do_no_harm(hand_in, scores):
    lines = ["note,score,id", *(f"x,{score},{row_id}" for row_id, score in scores.items())]
    assert hand_in.text("\n".join(lines)).rows == ROWS


def test_missing_rows_are_counted(hand_in, scores):
    for row_id in ("r0", "r1", "r2"):
        del scores[row_id]
    with pytest.raises(Invalid, match=r"3 rows missing \(for example 'r0'\)") as refused:
        hand_in(scores)
    assert refused.value.details == {"missing": 3, "extra": 0, "duplicate": 0}
    assert nothing_noted()


def test_ids_the_dataset_does_not_have_are_counted(hand_in, scores):
    with pytest.raises(Invalid, match=r"2 ids it doesn't have \(for example 'x1'\)") as refused:
        hand_in(scores | {"x1": 0.5, "x2": 0.5})
    assert refused.value.details == {"missing": 0, "extra": 2, "duplicate": 0}
    assert nothing_noted()


def test_ids_that_are_the_same_numbers_written_differently_are_told_so(version):
    dataset = create_dataset("numbered", actor=persona("sam"))
    content = b"id,amount,approved\n1,5,yes\n2,6,no\n"
    locked = lock_dataset(dataset, [content], Declaration("id", "approved", "yes"), actor=persona("sam"))
    with pytest.raises(Invalid, match="2 rows missing") as refused:
        hand_in_predictions(version, locked, io.BytesIO(b"id,score\n1.0,0.5\n2.0,0.5\n"), actor=persona("dana"))
    assert "'1.0' here is '1' there: read them as text" in refused.value.reason.remedy
    assert nothing_noted()


def test_ids_given_twice_are_counted(hand_in, scores):
    lines = ["id,score", *(f"{row_id},{score}" for row_id, score in scores.items()), "r5,0.5", "r5,0.5"]
    with pytest.raises(Invalid, match=r"1 ids twice \(for example 'r5'\)") as refused:
        hand_in.text("\n".join(lines))
    assert refused.value.details["duplicate"] == 1
    assert nothing_noted()


def test_all_that_is_wrong_with_the_ids_is_said_at_once(hand_in, scores):
    del scores["r0"]
    with pytest.raises(Invalid, match=r"1 rows missing .*, 1 ids it doesn't have"):
        hand_in(scores | {"x1": 0.5})


@pytest.mark.parametrize("score", ["nan", "NaN", "inf", "-inf", "1.0001", "-0.0001", "1e300"])
def test_a_score_that_is_no_probability_is_refused_by_its_row(hand_in, scores, score):
    with pytest.raises(Invalid, match=r"Scores not between 0 and 1: 1, .* for row 'r7'") as refused:
        hand_in(scores | {"r7": score})
    assert refused.value.reason.code == "bad_scores"
    assert "probability of the positive label" in refused.value.reason.remedy
    assert nothing_noted()


@pytest.mark.parametrize("score", ["", "high", "0,5", "0x1", "50%"])
def test_a_score_that_is_no_number_is_refused_by_its_row(hand_in, scores, score):
    lines = ["id,score", *(f'{row_id},"{value}"' for row_id, value in (scores | {"r7": score}).items())]
    with pytest.raises(Invalid, match="row 'r7' is not a number"):
        hand_in.text("\n".join(lines))
    assert nothing_noted()


@pytest.mark.parametrize("end", [0, 1])
def test_the_ends_are_probabilities(hand_in, ids, end):
    evaluation = hand_in(dict.fromkeys(ids, end))
    assert all(value.value is None or math.isfinite(value.value) for value in evaluation.values.all())


@pytest.mark.parametrize("header", ["row,score", "id,probability", "ID,Score", "r0,0.5"])
def test_a_file_without_id_and_score_is_refused(hand_in, scores, header):
    with pytest.raises(Invalid, match="columns id and score"):
        hand_in(scores, header=header)
    assert nothing_noted()


def test_a_second_hand_in_is_refused_and_the_first_stays(hand_in, scores, ids):
    first = hand_in(scores)
    with pytest.raises(Conflict, match="Evidence is never replaced"):
        hand_in(dict.fromkeys(ids, 0.5))
    assert Evaluation.objects.get() == first
    assert ExposureEntry.objects.filter(what="result").count() == 1


def test_an_open_version_gets_no_evidence(locked, scores):
    version = version_of(model_named(), format="pickle", final=False)
    stream = io.BytesIO("\n".join(["id,score", *(f"{k},{v}" for k, v in scores.items())]).encode())
    with pytest.raises(Conflict, match="isn't final yet"):
        hand_in_predictions(version, locked, stream, actor=persona("dana"))
    assert nothing_noted()


def test_predictions_for_a_model_that_is_run_here_are_refused(locked):
    version = version_of(model_named(), format="onnx")
    with pytest.raises(Conflict) as refused:
        hand_in_predictions(version, locked, io.BytesIO(b"id,score\n"), actor=persona("dana"))
    assert refused.value.reason.code == "run_here"
    assert not Evaluation.objects.exists()


def test_only_who_registered_a_version_hands_in_its_predictions(version, locked):
    with pytest.raises(Forbidden) as refused:
        hand_in_predictions(version, locked, io.BytesIO(b"id,score\n"), actor=persona("sam"))
    assert refused.value.reason.code == "not_registrant"
