"""Open promotions as rows: what waits for a person, on whom the others wait, how far the gates are."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, prefetch_related_objects
from django.utils import timezone

from accounts.models import User
from approvals.defects import defects_holding
from approvals.models import GateRun, Outcome, Promotion, State
from approvals.seals import standing_waiver
from approvals.standing import Marks, responsible
from approvals.waiting import can_decide, due_time
from dashboard import times
from registry.models import Defect
from work.models import Job

_NOT_DUE = {
    State.CHECKING: "After the gates",
    State.BLOCKED: "After the gates",
    State.CHANGES_REQUESTED: "After the answer",
    State.APPROVED: "Decided",
}


@dataclass(frozen=True)
class Progress:
    """How far the gates of a promotion are: a share from 0 to 1, and what is being done."""

    share: float
    words: str


@dataclass(frozen=True)
class WaitingOn:
    """Whose move it is, as a person where it is one's, with a note or the time since when."""

    words: str = ""
    who: User | None = None
    note: str = ""
    since: datetime | None = None


@dataclass(frozen=True)
class OpenRow:
    """One open promotion as a list shows it."""

    promotion: Promotion
    outcomes: list[str]
    progress: Progress | None
    approvers: list[User]
    needed: int
    note: str
    waiting_on: WaitingOn
    due: datetime | None
    why_not_due: str


def open_rows(marks: Sequence[Marks], user: User) -> list[OpenRow]:
    """Rows for promotions whose marks have been read, in their order; at most six queries however many they are."""
    prefetch_related_objects([user], "groups")
    reviewers = _people_granted(marks)
    defects = defects_holding([each.promotion for each in marks])
    return [_row(each, user, reviewers, defects.get(each.promotion.pk, [])) for each in marks]


def _row(marks: Marks, user: User, reviewers: Sequence[User], defects: Sequence[Defect]) -> OpenRow:
    approvals = [review.reviewer for slot in marks.document.slots for review in marks.counting(slot)]
    return OpenRow(
        promotion=marks.promotion,
        outcomes=[shown_outcome(run) for run in marks.runs],
        progress=progress_of(marks.runs),
        approvers=approvals,
        needed=marks.document.seats,
        note=_note(marks, user),
        waiting_on=waiting_on(marks, reviewers, defects),
        due=due_time(marks.promotion),
        why_not_due=_NOT_DUE.get(State(marks.promotion.state), ""),
    )


def shown_outcome(run: GateRun) -> str:
    """A gate's outcome as pages name it: one that is pending is running or still queued, an excepted one waived."""
    if standing_waiver(run) is not None:
        return "waived"
    if run.outcome != Outcome.PENDING:
        return run.outcome
    return "running" if run.job is not None and run.job.state == Job.State.RUNNING else "queued"


def progress_of(runs: Sequence[GateRun]) -> Progress | None:
    """How far the gates are together; None once all have an outcome."""
    pending = [run for run in runs if run.outcome == Outcome.PENDING]
    if not pending:
        return None
    jobs = [run.job for run in pending if run.job is not None]
    share = (len(runs) - len(pending) + sum(job.progress for job in jobs)) / len(runs)
    words = [job.word for job in jobs if job.state == Job.State.RUNNING and job.word]
    return Progress(share, f"{share:.0%}, {words[0] if words else 'waiting for a worker'}")


def _note(marks: Marks, user: User) -> str:
    if marks.promotion.state == State.CHECKING:
        return "gates still running"
    return "yours is next" if marks.promotion.state == State.IN_REVIEW and can_decide(marks, user) else ""


def waiting_on(marks: Marks, reviewers: Iterable[User], defects: Sequence[Defect]) -> WaitingOn:
    """Whose move it is. `reviewers` are people with their groups, of whom some may be able to decide here; `defects`
    are the reported bugs that hold it once it is approved."""
    promotion = marks.promotion
    if promotion.state == State.CHECKING:
        return WaitingOn("Gates", note="running", since=None)
    if promotion.state == State.APPROVED:
        return _held_by(marks, defects)
    if promotion.state != State.IN_REVIEW:
        note = "a gate failed" if promotion.state == State.BLOCKED else "changes requested"
        people = responsible(promotion)
        return WaitingOn(who=people[-1], note=note) if people else WaitingOn("Nobody", note="its requester left")
    deciders = [person for person in reviewers if can_decide(marks, person)]
    if not deciders:
        return WaitingOn("Nobody", note="no one holds an open slot’s role")
    first, *others = deciders
    if not others:
        return WaitingOn(who=first, since=promotion.review_started_at)
    more = others[0].display_name if len(others) == 1 else f"{len(others)} others"
    return WaitingOn(who=first, note=f"or {more}")


def _held_by(marks: Marks, defects: Sequence[Defect]) -> WaitingOn:
    """What an approved promotion still waits for: a reported bug to be cleared, an answer from outside, a moment, or
    just the sweeper."""
    if defects:
        things = ", ".join(each.thing_beside(marks.promotion.version.model) for each in defects)
        return WaitingOn(f"Reported bug{'s' if len(defects) > 1 else ''} in {things}", note="to be cleared")
    waiting = [marks.document.gate(run.key).shown_title for run in marks.runs if run.outcome == Outcome.WAITING]
    if waiting:
        return WaitingOn(", ".join(waiting), note="to be reported")
    moment = marks.promotion.look_again_at
    when = f" {times.clock(moment, timezone.now())}" if moment else ""
    return WaitingOn("Assaydesk", note=f"completes it{when}")


def _people_granted(marks: Iterable[Marks]) -> list[User]:
    """Everybody whom the grants of these promotions' models reach, with their groups."""
    grants = [grant for each in marks for grant in each.grants]
    people = {grant.user_id for grant in grants if grant.user_id}
    groups = {grant.group_id for grant in grants if grant.group_id}
    found = User.objects.filter(Q(pk__in=people) | Q(groups__in=groups), is_active=True, is_service=False)
    return list(found.distinct().order_by("username").prefetch_related("groups"))
