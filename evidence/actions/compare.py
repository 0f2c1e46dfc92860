import hashlib
import io
import json

import numpy as np
from django.db import IntegrityError, transaction

from evidence.actions.evaluate import locked_rows, stored_scores
from evidence.judging import Predicted, compare
from evidence.models import Comparison, Evaluation
from evidence.outcomes import Outcomes, outcomes
from registry.stores import store

#: What is stored apart from the rest of a comparison.
BY_SEGMENT = ("other_segments", "segment_decisions")


def compare_evaluations(candidate: Evaluation, baseline: Evaluation) -> Comparison:
    """Candidate against baseline, paired on the same rows: the comparison there is, or one computed now.

    Both must be of the same locked dataset, which has labels (ValueError otherwise). Rests on stored predictions
    only. Raises EvidenceMissing when these or the rows are gone from the store, or changed.
    """
    if candidate.dataset_id != baseline.dataset_id:
        raise ValueError(f"{candidate} and {baseline} are on different datasets.")
    if not candidate.dataset.is_labelled:
        raise ValueError(f"{candidate.dataset} has no labels to compare by.")
    found = Comparison.objects.filter(candidate=candidate, baseline=baseline).first()
    return found or _compared(candidate, baseline)


def _compared(candidate: Evaluation, baseline: Evaluation) -> Comparison:
    rows, before, after = locked_rows(candidate.dataset), predicted(baseline), predicted(candidate)
    result = compare(rows, before, after).to_dict()
    comparison = Comparison(
        candidate=candidate,
        baseline=baseline,
        by_segment={part: result.pop(part) for part in BY_SEGMENT},
        result=result,
        outcomes_digest=store().keep([_file(outcomes(rows, before, after))], limit=2**40).sha256,
        digest=digest_of(result),
    )
    try:
        with transaction.atomic():
            comparison.save()
    except IntegrityError:
        # A worker beside this one was faster; both computed the same from the same bytes.
        return Comparison.objects.get(candidate=candidate, baseline=baseline)
    return comparison


def predicted(evaluation: Evaluation) -> Predicted:
    return Predicted(stored_scores(evaluation), evaluation.version.decision_threshold)


def digest_of(result: object) -> str:
    return hashlib.sha256(json.dumps(result, sort_keys=True).encode()).hexdigest()


def _file(numbers: Outcomes) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, numbers, allow_pickle=False)
    return buffer.getvalue()
