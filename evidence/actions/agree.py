from django.db import IntegrityError, transaction

from evidence.actions.compare import digest_of, predicted
from evidence.actions.evaluate import EvidenceMissing, locked_rows
from evidence.agreement import agree
from evidence.fitting import classes_on
from evidence.models import Agreement, Evaluation


def agree_evaluations(candidate: Evaluation, baseline: Evaluation) -> Agreement:
    """How far two versions say the same of the same rows: the agreement there is, or one computed now.

    Both must be of the same locked dataset (ValueError otherwise); labels aren't needed, nor looked at. Rests on
    stored predictions only. Raises EvidenceMissing when these or the rows are gone from the store, or changed, and
    when the versions tell different classes apart.
    """
    if candidate.dataset_id != baseline.dataset_id:
        raise ValueError(f"{candidate} and {baseline} are on different datasets.")
    found = Agreement.objects.filter(candidate=candidate, baseline=baseline).first()
    return found or _agreed(candidate, baseline)


def _agreed(candidate: Evaluation, baseline: Evaluation) -> Agreement:
    locked, classes = candidate.dataset, _shared_classes(candidate, baseline)
    rows, before, after = locked_rows(locked), predicted(baseline), predicted(candidate)
    result = agree(locked.task, before, after, rows.segments, classes=classes, weight=rows.weight).to_dict()
    agreement = Agreement(candidate=candidate, baseline=baseline, result=result, digest=digest_of(result))
    try:
        with transaction.atomic():
            agreement.save()
    except IntegrityError:
        # A worker beside this one was faster; both computed the same from the same bytes.
        return Agreement.objects.get(candidate=candidate, baseline=baseline)
    return agreement


def _shared_classes(candidate: Evaluation, baseline: Evaluation) -> list[str]:
    """Without labels each version's predictions are kept by its own classes: only the same can be set side by side."""
    one, other = (classes_on(evaluation.version, candidate.dataset) for evaluation in (candidate, baseline))
    if one != other:
        raise EvidenceMissing(
            "classes_do_not_fit",
            f"{candidate.version} tells {', '.join(one)} apart, and {baseline.version} {', '.join(other)}.",
            "Register a version with the classes of what is live, or leave this gate out for the change.",
        )
    return one
