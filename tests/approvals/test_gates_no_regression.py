import pytest

from registry.models import Model, Version
from tests import factories
from tests.approvals.judging import hand_in, judge

AUC = {"metric": "auc", "dataset": factories.HOLDOUT}


def candidate(model: Model, **evidence: object) -> Version:
    version = factories.version_of(model)
    factories.evidence_of(version, **evidence)  # type: ignore[arg-type]
    return version


@pytest.fixture
def live(loan: Model) -> Version:
    """The version in Production: an AUC of about 0.84."""
    return factories.live_version(loan, strength=0.3)


def test_with_nothing_live_it_passes_saying_so(version: Version) -> None:
    run = judge(version, "no_regression", **AUC)
    assert (run.outcome, run.summary) == ("passed", "Nothing is live to compare with.")


def test_a_clearly_better_version_passes(live: Version) -> None:
    run = judge(candidate(live.model, strength=0.45, seed=8), "no_regression", **AUC)
    assert run.outcome == "passed"
    assert 0 < run.details["low"] < run.details["difference"] < run.details["high"]


def test_a_clearly_worse_version_fails_with_the_interval_in_the_summary(live: Version) -> None:
    run = judge(candidate(live.model, strength=0.05, seed=8), "no_regression", margin=0.02, **AUC)
    assert run.outcome == "failed"
    assert run.details["high"] < -0.02
    assert f"must stay above −{0.02:.3f}" in run.summary


def test_a_version_about_as_good_is_inconclusive_and_says_how_many_rows_would_tell(live: Version) -> None:
    run = judge(candidate(live.model, strength=0.3, seed=8), "no_regression", margin=0.001, **AUC)
    assert run.outcome == "inconclusive"
    assert run.details["low"] < -0.001 < run.details["high"]
    assert "more rows" in run.summary
    assert f"{run.details['rows_needed']:,}" in run.summary


def test_a_wide_margin_turns_the_same_difference_into_a_pass(live: Version) -> None:
    assert judge(candidate(live.model, strength=0.3, seed=8), "no_regression", margin=0.3, **AUC).outcome == "passed"


def test_for_a_loss_lower_is_better(live: Version) -> None:
    worse = judge(
        candidate(live.model, strength=0.05, seed=8), "no_regression", metric="log_loss", dataset=AUC["dataset"]
    )
    assert worse.outcome == "failed"
    assert worse.details["low"] > 0


def test_a_baseline_without_evidence_is_inconclusive_and_names_the_remedy(live: Version) -> None:
    from evidence.actions import lock_dataset
    from evidence.labels import Declaration
    from registry.actions import create_dataset

    sam = factories.persona("sam")
    rows = "\n".join(["id,amount,approved", *(f"r{n},{n},{'yes' if n % 2 else 'no'}" for n in range(40))])
    declared = Declaration(id_column="id", target="approved", positive="yes")
    locked = lock_dataset(create_dataset("spring", actor=sam), [rows.encode()], declared, actor=sam)
    version = factories.version_of(live.model, format="pickle")
    hand_in(version, locked)
    run = judge(version, "no_regression", metric="auc", dataset="spring@1")
    assert run.outcome == "inconclusive"
    assert f"{live} is live but can't be compared with" in run.summary


def test_a_candidate_without_evidence_is_an_error_not_a_pass(live: Version) -> None:
    run = judge(factories.version_of(live.model, format="pickle"), "no_regression", margin=1.0, **AUC)
    assert run.outcome == "error"
    assert "assaydesk predict" in run.summary


def test_a_loss_in_one_segment_fails_though_the_whole_passes(live: Version) -> None:
    version = candidate(live.model, strength=0.3, weak_for="south")
    recall = {"metric": "recall", "dataset": factories.HOLDOUT, "margin": 0.05}
    south = judge(version, "no_regression", segment="region=south", **recall)
    assert (south.outcome, south.details["high"] < -0.05) == ("failed", True)


def test_a_segment_that_does_not_occur_is_an_error_that_names_it(live: Version) -> None:
    run = judge(
        candidate(live.model), "no_regression", metric="recall", dataset=factories.HOLDOUT, segment="region=west"
    )
    assert run.outcome == "error"
    assert "region=west doesn't occur" in run.summary


def test_the_seal_part_rests_on_both_sides_predictions(live: Version) -> None:
    version = candidate(live.model, seed=8)
    run = judge(version, "no_regression", **AUC)
    digests = {version.evaluations.get().predictions_digest, live.evaluations.get().predictions_digest}
    assert set(run.details["evidence"]) == digests


@pytest.mark.parametrize(("metric", "rows"), [("recall", "positive rows"), ("precision", "rows decided yes")])
def test_rows_that_would_tell_are_of_the_kind_the_metric_counts(live: Version, metric: str, rows: str) -> None:
    asked = {"metric": metric, "dataset": AUC["dataset"], "margin": 0.04}
    run = judge(candidate(live.model, strength=0.3, seed=8), "no_regression", **asked)
    assert run.outcome == "inconclusive"
    # Half-width over distance, squared, is how many times the rows there are would settle it.
    low, high, distance = run.details["low"], run.details["high"], abs(run.details["difference"] + 0.04)
    counted = run.details["rows"]
    assert counted < 400
    expected = counted * ((high - low) / 2 / distance) ** 2 - counted
    assert run.details["rows_needed"] == pytest.approx(expected, abs=1)
    assert f"needs about {run.details['rows_needed']:,} more {rows}" in run.summary
