"""Which version is best by a metric, and what rests on a dataset version."""

from typing import Any

import pytest
from django.utils import timezone

from accounts.roles import Role
from approvals.models import State
from evidence.actions import report_metrics
from evidence.models import Evaluation, LockedDataset, MetricValue
from registry.models import Model, Version
from tests.api.caller import Caller, ok, problem_of
from tests.approvals.sampled_versions import on_sample, sample
from tests.factories import (
    evidence_of,
    holdout,
    live_version,
    model_named,
    person,
    persona,
    policies,
    promotion_in,
    version_of,
)

NEAR_ZERO = "mean_signed_error"


@pytest.fixture
def measured(people, loan):
    """Makes versions of loan with these figures of one metric, in order; None is a figure that isn't defined."""

    def make(metric: str, *values: float | None, locked: LockedDataset | None = None) -> list[Version]:
        return [one(metric, value, locked or holdout()) for value in values]

    def one(metric: str, value: float | None, locked: LockedDataset) -> Version:
        number = Version.objects.count() + 1
        digest = {"artifact_digest": f"{number:064x}", "finalised_at": timezone.now()}
        version = Version.objects.create(
            model=loan, number=number, features=[], task="binary", registered_by=persona("dana"), **digest
        )
        made = Evaluation.objects.create(version=version, dataset=locked, provenance="scored", rows=400)
        MetricValue.objects.create(evaluation=made, metric=metric, value=value, n=400)
        MetricValue.objects.create(evaluation=made, metric=metric, column="region", segment="north", value=0.999, n=9)
        return version

    return make


def test_the_best_is_the_highest_or_the_lowest_as_the_metric_has_it(dana, measured):
    measured("auc", 0.7, 0.9, None, 0.8)
    told = ok(dana.get("/models/loan/best"))
    assert (told["version"], told["value"], told["metric"], told["direction"]) == (2, 0.9, "auc", "higher")
    assert (told["dataset"], told["provenance"], told["n"]) == ("loan-holdout@1", "scored", 400)
    measured("log_loss", 0.5, 0.3, 0.4)
    assert ok(dana.get("/models/loan/best", metric="log_loss"))["version"] == 6


def test_the_direction_can_be_named(dana, measured):
    measured("auc", 0.7, 0.9, 0.1)
    assert ok(dana.get("/models/loan/best", direction="lower"))["version"] == 3
    assert ok(dana.get("/models/loan/best", direction="zero"))["version"] == 3
    problem_of(dana.get("/models/loan/best", direction="best"), 422, "malformed")


def test_near_zero_is_best_on_either_side(dana, measured):
    measured(NEAR_ZERO, -0.4, 0.3, -0.2, 0.25)
    told = ok(dana.get("/models/loan/best", metric=NEAR_ZERO))
    assert (told["version"], told["value"], told["direction"]) == (3, -0.2, "zero")


def test_of_equals_the_newest_is_best(dana, measured):
    measured("auc", 0.9, 0.7, 0.9, 0.7)
    assert ok(dana.get("/models/loan/best"))["version"] == 3


def test_deprecated_and_open_versions_are_not_best(dana, measured):
    _, deprecated, still_open = measured("auc", 0.7, 0.8, 0.9)
    Version.objects.filter(pk=deprecated.pk).update(deprecated_at=timezone.now())
    Version.objects.filter(pk=still_open.pk).update(finalised_at=None)
    assert ok(dana.get("/models/loan/best"))["version"] == 1


def again(version: Version, value: float, evaluator: str, **facts: Any) -> None:
    made = Evaluation.objects.create(
        version=version,
        dataset=holdout(),
        provenance="scored",
        rows=400,
        evaluator=evaluator,
        **facts,
    )
    MetricValue.objects.create(evaluation=made, metric="auc", value=value, n=400)


def test_a_version_measured_again_counts_with_its_newest_figure(dana, measured):
    first, second = measured("auc", 0.95, 0.8)
    again(first, 0.6, "2")
    again(second, 0.7, "2")
    told = ok(dana.get("/models/loan/best"))
    assert (told["version"], told["value"]) == (2, 0.7)


def test_figures_of_two_evaluators_are_not_held_against_each_other(dana, measured):
    _, second, third = measured("auc", 0.999, 0.8, 0.7)
    again(second, 0.6, "2")
    again(third, 0.5, "2")
    told = ok(dana.get("/models/loan/best"))
    assert (told["version"], told["value"]) == (2, 0.6)
    assert ok(dana.get("/models/loan/best", direction="lower"))["version"] == 3


def test_what_a_pipeline_reported_is_not_best(dana, loan):
    version, locked = version_of(loan), holdout()
    report_metrics(version, locked.dataset_version, {"auc": 0.99}, actor=persona("dana"))
    problem_of(dana.get("/models/loan/best"), 404, "not_measured")
    evidence_of(version_of(loan))
    told = ok(dana.get("/models/loan/best"))
    assert told["version"] == 2
    assert told["value"] < 0.99


def test_a_dataset_can_be_named_and_else_is_the_one_with_most_versions(dana, measured, loan):
    first = holdout()
    other = LockedDataset.objects.create(
        dataset_version=version_of(loan, final=False).trained_on.get(),
        **{name: getattr(first, name) for name in ("digest", "size", "rows", "columns", "id_column", "target")},
        **{name: getattr(first, name) for name in ("positive_label", "positives", "locked_by")},
    )
    measured("auc", 0.7, 0.6)
    measured("auc", 0.9, locked=other)
    assert ok(dana.get("/models/loan/best"))["value"] == 0.7
    assert ok(dana.get("/models/loan/best", dataset=str(other)))["value"] == 0.9


def test_rows_without_labels_are_no_data_to_be_best_on(dana, measured):
    made = measured("auc", 0.7, 0.9)
    made += measured("log_loss", 0.3, locked=sample(40))
    for version in made[:2]:
        on_sample(version, [0.2, 0.9] * 20)
    told = ok(dana.get("/models/loan/best"))
    assert (told["version"], told["dataset"]) == (2, "loan-holdout@1")


def test_nothing_measured_is_said_with_the_remedy(dana, loan, measured):
    assert "predictions" in problem_of(dana.get("/models/loan/best"), 404, "not_measured")["remedy"]
    measured("auc", None)
    problem_of(dana.get("/models/loan/best"), 404, "not_measured")
    assert "auc" in problem_of(dana.get("/models/loan/best", metric="profit"), 422, "unknown_metric")["remedy"]
    problem_of(dana.get("/models/loan/best", dataset="loan-holdout@9"), 404, "not_found")


def test_a_model_judged_by_a_metric_nobody_measures_has_no_best(dana, loan):
    Model.objects.update(primary_metric="profit")
    problem_of(dana.get("/models/loan/best"), 422, "unknown_metric")


def test_versions_of_other_models_are_not_best(dana, measured):
    measured("auc", 0.7)
    measured_elsewhere = Version.objects.create(
        model=model_named("other"), number=1, features=[], task="binary", registered_by=persona("dana")
    )
    Evaluation.objects.create(version=measured_elsewhere, dataset=holdout(), provenance="scored", rows=400)
    Evaluation.objects.get(version=measured_elsewhere).values.create(metric="auc", value=0.99, n=400)
    assert ok(dana.get("/models/loan/best"))["value"] == 0.7


# --- Impact -------------------------------------------------------------------------------------------

IMPACT = "/datasets/loan-holdout/versions/1/impact"


def test_everything_that_rests_on_locked_data_is_named(dana, people, loan):
    live = live_version(loan)
    waiting = promotion_in(State.IN_REVIEW, model=loan)
    told = ok(dana.get(IMPACT))
    assert (told["dataset"], told["version"], told["models"]) == ("loan-holdout", 1, ["loan"])
    lines = [(line["version"], line["stage"], line["evaluated_on"], line["trained_on"]) for line in told["versions"]]
    assert lines == [(1, "Production", True, False), (2, "Staging", True, False)]
    assert told["versions"][0]["url"].endswith("/models/loan/versions/1/")
    states = {line["id"]: line["state"] for line in told["promotions"]}
    assert states.pop(waiting.pk) == "in_review"
    assert set(states.values()) == {"completed"}
    assert len(states) == live.promotions.count() + waiting.version.promotions.count() - 1
    newest = live.promotions.get(to_stage="Production").policy_revision
    assert told["policies"] == [{"name": "Production", "revision": newest.number}]
    assert (told["more_versions"], told["more_promotions"]) == (False, False)


def test_a_pointer_names_what_was_trained_on_it(dana, people, loan):
    policies()
    version_of(loan)
    told = ok(dana.get("/datasets/loan-train/versions/1/impact"))
    assert [(line["version"], line["trained_on"], line["evaluated_on"]) for line in told["versions"]] == [
        (1, True, False)
    ]
    assert told["policies"] == []


def test_a_promotion_still_to_be_measured_rests_on_what_its_policy_names(dana, people, loan):
    policies()
    version = version_of(loan)
    promotion = promotion_in(State.CHECKING, version=version)
    told = ok(dana.get(IMPACT))
    assert told["versions"] == []
    assert [line["id"] for line in told["promotions"]] == [promotion.pk]


def test_what_the_caller_can_not_see_is_left_out(people, loan):
    live_version(model_named("secret"))
    vera = Caller(person("Vera", Role.VIEWER, model=loan))
    told = ok(vera.get(IMPACT))
    assert (told["models"], told["versions"], told["promotions"]) == ([], [], [])
    assert "secret" not in str(told)


def test_a_long_list_says_that_there_is_more(dana, people, loan, monkeypatch):
    monkeypatch.setattr("approvals.impact.MOST", 2)
    policies()
    for _ in range(3):
        evidence_of(version_of(loan))
    told = ok(dana.get(IMPACT))
    assert [line["version"] for line in told["versions"]] == [3, 2]
    assert told["more_versions"] is True


def test_a_dataset_that_is_not_there_has_no_impact(dana, people, loan):
    problem_of(dana.get(IMPACT), 404, "not_found")
