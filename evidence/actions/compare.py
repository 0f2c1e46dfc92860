import hashlib
import json

from django.db import IntegrityError, transaction

from evidence.comparison import compare
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
    rows = load_rows(candidate.dataset)
    result = compare(
        rows.truth,
        load_scores(baseline),
        load_scores(candidate),
        baseline_threshold=baseline.version.decision_threshold,
        candidate_threshold=candidate.version.decision_threshold,
        segments=rows.segments,
    ).to_dict()
    digest = hashlib.sha256(json.dumps(result, sort_keys=True).encode()).hexdigest()
    try:
        with transaction.atomic():
            return Comparison.objects.create(candidate=candidate, baseline=baseline, result=result, digest=digest)
    except IntegrityError:
        # A worker beside this one was faster; both computed the same from the same bytes.
        return Comparison.objects.get(candidate=candidate, baseline=baseline)
