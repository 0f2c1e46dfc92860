import hashlib
import json

from django.db import IntegrityError, transaction

from evidence.judging import Predicted, compare
from evidence.loading import load_rows, load_scores
from evidence.models import Comparison, Evaluation


def compare_evaluations(candidate: Evaluation, baseline: Evaluation) -> Comparison:
    """Candidate against baseline, paired on the same rows: the comparison there is, or one computed now.

    Both must be of the same locked dataset (ValueError otherwise). Rests on stored predictions only.
    """
    if candidate.dataset_id != baseline.dataset_id:
        raise ValueError(f"{candidate} and {baseline} are on different datasets.")
    found = Comparison.objects.filter(candidate=candidate, baseline=baseline).first()
    if found is not None:
        return found
    result = compare(load_rows(candidate.dataset), _predicted(baseline), _predicted(candidate)).to_dict()
    digest = hashlib.sha256(json.dumps(result, sort_keys=True).encode()).hexdigest()
    try:
        with transaction.atomic():
            return Comparison.objects.create(candidate=candidate, baseline=baseline, result=result, digest=digest)
    except IntegrityError:
        # A worker beside this one was faster; both computed the same from the same bytes.
        return Comparison.objects.get(candidate=candidate, baseline=baseline)


def _predicted(evaluation: Evaluation) -> Predicted:
    return Predicted(load_scores(evaluation), evaluation.version.decision_threshold)
