import numpy as np
import pytest

from evidence.comparing import binary, regression
from evidence.groups import Groups
from evidence.small_samples import small_sample


def compared(positives, segments=None):
    """Half of 400 rows of either kind decided rightly, now one and now the other half."""
    truth = np.arange(400) < positives
    baseline, candidate = np.tile([0.2, 0.8], 200), np.tile([0.2, 0.3, 0.7, 0.9], 100)
    return binary.compare(
        truth, baseline, candidate, baseline_threshold=0.5, candidate_threshold=0.5, segments=segments or {}
    )


def method_of(comparison, metric):
    return next(measure.method for measure in comparison.measures if measure.metric == metric)


@pytest.mark.parametrize(("positives", "named"), [(49, True), (50, False)])
def test_f1_of_fewer_than_50_positive_rows_is_named_a_small_sample(positives, named):
    method = method_of(compared(positives), "f1")
    assert method.endswith(", small sample: fewer than 50 positive rows") == named


def test_a_metric_that_holds_with_few_rows_is_not_named():
    assert "small sample" not in method_of(compared(20), "recall")
    assert small_sample("accuracy", 1, "rows") == ""


def test_a_small_segment_is_named_besides_being_widened():
    half = Groups.of(np.tile(["a", "b"], 200))
    methods = {each.method for each in compared(80, {"half": half}).segments_by("f1")}
    assert len(methods) == 1
    assert methods.pop().endswith("widened for 2 segments, small sample: fewer than 50 positive rows")


def test_numbers_of_few_rows_name_their_rmse():
    truth = np.linspace(100, 200, 100)
    found = regression.compare(truth, truth + 5, truth - np.arange(100) / 9, segments={})
    assert method_of(found, "rmse") == "delta method, paired, small sample: fewer than 150 rows"
