"""The gates of a promotion with what they rest on, those that need a person's eye first."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import partial

from django.utils import timezone

from accounts.models import User
from approvals.models import GateRun, Outcome, Waiver
from approvals.permissions import why_never_waive, why_not_rerun, why_not_waivable
from approvals.seals import standing_waiver
from approvals.standing import Marks, acknowledgement_of
from dashboard import times
from dashboard.figures import number
from dashboard.forms.decision import Typed
from dashboard.pages.gate_wording import asks
from dashboard.pages.open_promotions import Progress, shown_outcome
from dashboard.pages.promotion_evidence import Evidence
from evidence.models import Evaluation

_FIRST = (
    *(Outcome.FAILED, Outcome.ERROR, Outcome.INCONCLUSIVE, Outcome.WAITING),
    *(Outcome.PENDING, Outcome.STOPPED, Outcome.PASSED),
)
_ISOLATION = {
    "bubblewrap": "no network, no secrets, read-only input (bubblewrap)",
    "limits": "time and memory limits only",
}
FORMS = "promotion/gate_forms.html"


@dataclass(frozen=True)
class GateProgress:
    share: float
    word: str


@dataclass(frozen=True)
class ShownGate:
    """A gate as includes/gate.html shows it. `form` is the template of its forms, "" for who may not use one. `blocks`:
    nothing goes on until it passes or is waived; `is_accepted`: somebody acknowledged that it could not tell."""

    key: str
    title: str
    outcome: str
    summary: str
    provenance: str
    why: str
    facts: list[tuple[str, str]]
    log: str
    open: bool
    progress: GateProgress | None
    form: str
    number: int
    digest: str
    link: str
    blocks: bool
    is_accepted: bool
    may_rerun: bool
    may_waive: bool
    why_not_waivable: str
    waiver: Waiver | None
    sent: Typed = field(default_factory=Typed)
    problem: str = ""


@dataclass(frozen=True)
class Gates:
    """All gates of a promotion, and how far they are together while some still run."""

    shown: list[ShownGate]
    progress: Progress | None
    outcomes: list[str]

    @property
    def waived(self) -> list[ShownGate]:
        return [gate for gate in self.shown if gate.waiver]

    @property
    def in_the_way(self) -> list[ShownGate]:
        """Those that keep an open promotion from going on."""
        return [gate for gate in self.shown if gate.blocks]

    @property
    def how_they_block(self) -> str:
        """In a word: a gate that could not tell is in the way, too, where nobody is there to accept it."""
        unsure = any(gate.outcome == Outcome.INCONCLUSIVE for gate in self.in_the_way)
        return "in the way" if unsure else "failed"

    @property
    def passed(self) -> int:
        return self.outcomes.count(Outcome.PASSED)

    @property
    def undecided(self) -> list[ShownGate]:
        """Those that could not tell, and don't block: a person accepts them, or has."""
        return [gate for gate in self.shown if gate.outcome == Outcome.INCONCLUSIVE and not gate.blocks]


def gates_of(marks: Marks, evidence: Iterable[Evidence], reader: User, sent: Typed, problem: str) -> Gates:
    """Failures first, else in the policy's order; no query of its own."""
    evaluations = {each.dataset.casefold(): each.candidate for each in evidence if each.candidate}
    runs = sorted(marks.runs, key=lambda run: (_FIRST.index(Outcome(run.outcome)), run.position))
    shown = [_shown(marks, run, evaluations, reader) for run in runs]
    if shown and shown[0].outcome in {"failed", "error", "inconclusive"}:
        shown[0] = replace(shown[0], open=True)
    if sent.form in {"rerun", "waive"}:
        kept = partial(replace, open=True, form=FORMS, sent=sent, problem=problem)
        shown = [kept(gate) if gate.key == sent.gate else gate for gate in shown]
    return Gates(shown, _progress(marks.runs), [shown_outcome(run) for run in marks.runs])


def _shown(marks: Marks, run: GateRun, evaluations: dict[str, Evaluation], reader: User) -> ShownGate:
    rule = marks.document.gate(run.key)
    reference = rule.gate.dataset(rule.gate.read_parameters(rule.parameters))
    measured = rule.gate.plan(rule.gate.read_parameters(rule.parameters)) is not None
    evaluation = evaluations.get(reference.casefold()) if reference and not measured else None
    pending = run.outcome == Outcome.PENDING
    may_rerun = not pending and why_not_rerun(marks.promotion, reader) is None
    blocks = run in marks.in_the_way and marks.promotion.is_open
    unwaivable = why_not_waivable(run) if blocks else None
    may_waive = blocks and unwaivable is None and why_never_waive(marks, reader) is None
    return ShownGate(
        key=run.key,
        title=rule.shown_title,
        outcome=shown_outcome(run),
        summary=run.summary,
        provenance=run.provenance,
        why=_why(run),
        facts=[("Asks", asks(rule)), *_facts(run, reference, evaluation)],
        log=(evaluation.log if evaluation and not pending else ""),
        open=False,
        progress=GateProgress(run.job.progress, run.job.word) if pending and run.job else None,
        form=FORMS if may_rerun or may_waive or unwaivable else "",
        number=run.promotion_id,
        digest=run.digest,
        link=str(run.details.get("url", "")),
        blocks=blocks,
        is_accepted=acknowledgement_of(run) is not None,
        may_rerun=may_rerun,
        may_waive=may_waive,
        why_not_waivable=str(unwaivable or ""),
        waiver=standing_waiver(run),
    )


def _why(run: GateRun) -> str:
    """Why it was run again, and who accepted or waived its outcome with which words."""
    told = [f"Run {run.number}. {run.because}"] if run.number > 1 else []
    accepted = acknowledgement_of(run)
    if accepted is not None:
        when = times.clock(accepted.at, timezone.now())
        told.append(f"Accepted by {accepted.by.display_name}, {when}: “{accepted.reason}”")
    waiver = standing_waiver(run)
    if waiver is not None:
        now = timezone.now()
        until = f" until {times.clock(waiver.expires_at, now)}" if waiver.expires_at else ""
        when = times.clock(waiver.at, now)
        told.append(f"Waived{until} by {waiver.by.display_name}, {when}: “{waiver.reason}”")
    return " ".join(told)


def _facts(run: GateRun, reference: str, evaluation: Evaluation | None) -> list[tuple[str, str]]:
    facts = [("Dataset", f"{reference}, locked")] if reference else []
    if evaluation is not None and run.outcome != Outcome.PENDING:
        facts.append(("Rows", number(run.details.get("rows") or evaluation.rows, 0)))
        if evaluation.isolation:
            facts.append(("Isolated", _ISOLATION.get(evaluation.isolation, evaluation.isolation)))
        if evaluation.seconds is not None:
            facts.append(("Model ran", f"{number(evaluation.seconds, 1)} s"))
    facts += [(name, text) for name, text in run.details.get("facts", [])]
    if run.finished_at is not None:
        facts.append(("Judged", times.on_record(run.finished_at)))
    return facts


def _progress(runs: Iterable[GateRun]) -> Progress | None:
    runs = list(runs)
    done = sum(run.outcome != Outcome.PENDING for run in runs)
    if done == len(runs):
        return None
    return Progress(done / len(runs), f"{done} of {len(runs)} gates are through")
