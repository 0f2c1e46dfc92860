"""Comparisons that somebody asked for: queued one by one, and computed by a worker as those of gates are."""

from collections.abc import Iterable

from django.db import IntegrityError, transaction

from accounts.models import User
from accounts.reasons import Invalid, refuse_if
from audit.actions import record
from evidence import events
from evidence.actions.compare import compare_evaluations
from evidence.actions.evaluate import EvidenceMissing
from evidence.asked import TASK, Pair, subject_of
from evidence.models import Comparison, Evaluation
from evidence.permissions import why_not_ask_comparison
from registry.models import Model
from registry.subjects import model_subject
from work.actions import Lease, enqueue
from work.models import Job


@transaction.atomic
def ask_comparisons(model: Model, pairs: Iterable[Pair], *, actor: User) -> list[Job]:
    """Queues a comparison of each pair of the model's evaluations that has none yet, nor is waited for already.

    Raises Forbidden for who may not ask, and Invalid for a pair that isn't of the model, or of two datasets.
    """
    refuse_if(why_not_ask_comparison(model, actor))
    wanted = list(pairs)
    for candidate, baseline in wanted:
        _check(model, candidate, baseline)
    queued = [(pair, job) for pair in _missing(wanted) if (job := _queued(*pair))]
    if queued:
        told = [f"{candidate.version.name} against {baseline.version.name}" for (candidate, baseline), _ in queued]
        after = {"comparisons": told, "dataset": str(queued[0][0][0].dataset)}
        record(events.COMPARISON_ASKED, model_subject(model), actor=actor, after=after)
    return [job for _, job in queued]


def _check(model: Model, candidate: Evaluation, baseline: Evaluation) -> None:
    if {candidate.version.model_id, baseline.version.model_id} != {model.pk}:
        raise Invalid("other_model", f"{candidate.version} and {baseline.version} are not both of {model}.")
    if candidate.dataset_id != baseline.dataset_id or not candidate.dataset.is_labelled:
        text = f"{candidate} and {baseline} are not on the same labelled rows."
        raise Invalid("not_comparable", text, "Choose a locked dataset with labels that both were measured on.")


def _missing(pairs: list[Pair]) -> list[Pair]:
    """Those not compared in either direction: a comparison is read from both sides."""
    sides = [evaluation.pk for pair in pairs for evaluation in pair]
    stored = Comparison.objects.filter(candidate__in=sides, baseline__in=sides).values_list("candidate", "baseline")
    there = {frozenset(pair) for pair in stored}
    return [pair for pair in pairs if frozenset(each.pk for each in pair) not in there]


def _queued(candidate: Evaluation, baseline: Evaluation) -> Job | None:
    """None when it is on the queue already, whichever way round."""
    subjects = [subject_of(candidate, baseline), subject_of(baseline, candidate)]
    if Job.objects.filter(subject__in=subjects, task=TASK, state__in=Job.OPEN).exists():
        return None
    try:
        with transaction.atomic():
            return enqueue(TASK, queue="gates", subject=subjects[0])
    except IntegrityError:
        return None  # somebody beside this one was faster


def compare_asked(lease: Lease) -> None:
    """Computes and stores what a job asks for; evidence that is gone ends it with the reason."""
    candidate, baseline = _evaluations_of(lease)
    lease.report(0.2, "Comparing row by row")
    try:
        compare_evaluations(candidate, baseline)
    except EvidenceMissing as missing:
        lease.finish(error=str(missing))
        return
    lease.finish()


def give_up_compare(lease: Lease) -> None:
    """It was tried as often as a job is."""
    lease.finish(error="It was tried several times and never came to an end; the worker’s log says why.")


def _evaluations_of(lease: Lease) -> Pair:
    keys = [int(key) for key in lease.subject.partition(":")[2].split("-")]
    found = Evaluation.objects.select_related("version__model", "dataset__dataset_version__dataset").in_bulk(keys)
    return found[keys[0]], found[keys[1]]
