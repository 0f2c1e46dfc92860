"""What a gate says when stored rows or predictions are gone or changed: at once, in words, and never a pass."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from approvals.models import GateRun
from evidence.models import Evaluation
from registry.models import Model, Version
from registry.stores import store
from tests import factories
from tests.approvals.judging import promotion_with_gate, run_of
from tests.approvals.sampled_versions import SAMPLE, predicting
from work.models import Job


def change_a_byte(digest: str) -> None:
    place = next(Path(settings.ARTIFACT_DIR).rglob(digest))
    content = bytearray(place.read_bytes())
    content[-1] ^= 1
    place.chmod(0o600)
    place.write_bytes(content)


def remove(digest: str) -> None:
    store().remove(digest)


@pytest.fixture
def pair(loan: Model) -> tuple[Version, Version]:
    """A candidate and the live version, each with its evaluation on the holdout and on the sample."""
    live = predicting(loan, [0.9, 0.1] * 50, is_live=True)
    candidate = predicting(loan, [0.8, 0.2] * 50)
    factories.evidence_of(live, seed=1)
    factories.evidence_of(candidate, seed=2)
    return candidate, live


def judged_once(version: Version, kind: str, **parameters: Any) -> GateRun:
    run = run_of(factories.run_gates(promotion_with_gate(version, kind, **parameters)))
    job = Job.objects.get(pk=run.job_id)
    assert (job.state, job.attempt) == ("succeeded", 1)
    return run


def evaluation_of(version: Version, name: str) -> Evaluation:
    return version.evaluations.get(dataset__dataset_version__dataset__name=name.partition("@")[0])


ASKING: list[tuple[str, dict[str, Any]]] = [
    ("no_regression", {"metric": "auc", "dataset": factories.HOLDOUT}),
    ("agreement", {"at_least": 0.5, "dataset": SAMPLE}),
]
asking = pytest.mark.parametrize(("kind", "parameters"), ASKING, ids=[kind for kind, _ in ASKING])
damage = pytest.mark.parametrize(
    ("harm", "words"), [(remove, "not in the store"), (change_a_byte, "in the store are not what was")]
)


@asking
@damage
def test_lost_rows_are_an_error_with_the_remedy(
    pair: tuple[Version, Version], kind: str, parameters: dict[str, Any], harm: Callable[[str], None], words: str
) -> None:
    candidate, _ = pair
    harm(evaluation_of(candidate, parameters["dataset"]).dataset.rows_digest)
    run = judged_once(candidate, kind, **parameters)
    assert run.outcome == "error"
    assert words in run.summary
    assert run.summary.endswith("Restore the artifact store from its backup.")


@asking
@damage
def test_lost_predictions_of_the_live_version_are_an_error_with_the_remedy(
    pair: tuple[Version, Version], kind: str, parameters: dict[str, Any], harm: Callable[[str], None], words: str
) -> None:
    candidate, live = pair
    harm(evaluation_of(live, parameters["dataset"]).predictions_digest)
    run = judged_once(candidate, kind, **parameters)
    assert run.outcome == "error"
    assert words in run.summary
    assert run.summary.endswith("Restore the artifact store from its backup.")


@damage
def test_a_version_that_would_have_to_run_on_lost_rows_is_an_error_with_the_remedy(
    loan: Model, harm: Callable[[str], None], words: str
) -> None:
    version = factories.version_of(loan)
    harm(factories.holdout().rows_digest)
    run = judged_once(version, "metric_threshold", metric="auc", at_least=0.0, dataset=factories.HOLDOUT)
    assert run.outcome == "error"
    assert words in run.summary
    assert run.summary.endswith("Restore the artifact store from its backup.")
