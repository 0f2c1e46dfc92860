"""Comparisons that were asked for: how their jobs are named, and how far they are."""

from collections.abc import Iterable

from evidence.models import Evaluation
from work.models import Job

TASK = "evidence.compare"
#: Candidate, baseline.
Pair = tuple[Evaluation, Evaluation]


def subject_of(candidate: Evaluation, baseline: Evaluation) -> str:
    """How the job that compares the two is named."""
    return f"comparison:{candidate.pk}-{baseline.pk}"


def jobs_asked(pairs: Iterable[Pair]) -> list[tuple[Pair, Job]]:
    """The newest job of each pair that was asked for, whichever way round; one query."""
    by_subject = {subject_of(*sides): pair for pair in pairs for sides in (pair, pair[::-1])}
    found = Job.objects.filter(task=TASK, subject__in=by_subject).order_by("created_at", "pk")
    newest = {tuple(each.pk for each in by_subject[job.subject]): (by_subject[job.subject], job) for job in found}
    return list(newest.values())
