import hashlib
import json
from dataclasses import replace

from django.db import transaction
from django.utils import timezone

from accounts.access import as_of_now
from accounts.models import User
from accounts.reasons import Conflict, refuse_if
from approvals import events
from approvals.actions.progress import advance, lock_promotion, recheck
from approvals.actions.queueing import queue_again
from approvals.gate_evidence import sides_of
from approvals.gates import GATES, Judged
from approvals.models import Acknowledgement, GateRun, Outcome, Promotion, Waiver
from approvals.permissions import why_not_rerun
from approvals.standing import current_runs, document_of, run_named
from approvals.subjects import promotion_subject
from audit.actions import record
from work.actions import Lease


def run_gate(lease: Lease) -> None:
    """Runs the gate of a job and records its outcome. A run nobody waits for any more is only ticked off."""
    run = _run_of(lease)
    if run is None:
        lease.finish()
        return
    rule = document_of(run.promotion).gate(run.key)
    parameters = rule.gate.read_parameters(run.parameters)
    candidate, baseline = sides_of(run.promotion, rule.gate, parameters, report=lease.report)
    lease.report(0.9, "judging")
    judged = rule.gate.check(candidate, baseline, parameters)
    if candidate.unreadable:
        judged = replace(judged, details={**judged.details, "unreadable": True})
    record_outcome(run, judged, lease=lease)


def give_up_gate(lease: Lease) -> None:
    """Records `error` for a gate whose worker died too often: never a pass."""
    run = _run_of(lease)
    if run is None:
        lease.finish()
        return
    last = run.job.error if run.job else ""
    text = f"It was tried three times and never finished. {last or 'Its worker was stopped each time.'}"
    record_outcome(run, Judged(Outcome.ERROR, text), lease=lease)


def _run_of(lease: Lease) -> GateRun | None:
    runs = GateRun.objects.select_related(
        "promotion__version__model", "promotion__baseline__model", "promotion__policy_revision", "job"
    )
    run = runs.filter(pk=lease.key).first()
    wanted = run is not None and run.is_current and run.outcome == Outcome.PENDING and run.promotion.is_open
    return run if wanted else None


@transaction.atomic
def record_outcome(run: GateRun, judged: Judged, *, lease: Lease) -> None:
    """Writes an outcome and ends its job, both or neither, then takes the promotion on.

    Raises LeaseLost when another worker took over, and writes nothing then. Nor does it write to a promotion
    that was closed while the gate ran: what was decided on stays as it was.
    """
    promotion = lock_promotion(run.promotion_id)
    lease.finish()
    if not promotion.is_open:
        return
    current = GateRun.objects.filter(pk=run.pk, is_current=True, outcome=Outcome.PENDING)
    digest = digest_of_outcome(run, judged)
    changed = current.update(
        outcome=judged.outcome,
        summary=judged.summary,
        details={**judged.details, "evidence": list(judged.evidence)},
        provenance=judged.provenance,
        digest=digest,
        finished_at=timezone.now(),
    )
    if not changed:
        return
    after = {"gate": run.key, "run": run.number, "outcome": judged.outcome, "summary": judged.summary}
    record(events.GATE_FINISHED, promotion_subject(promotion), actor=None, after=after)
    keep_marks(run, digest)
    advance(promotion)


def digest_of_outcome(run: GateRun, judged: Judged) -> str:
    """Over outcome, parameters and evidence: a run that finds the same on the same changes no decision."""
    outcome: str = judged.outcome
    if GATES[run.kind].awaits and outcome == Outcome.WAITING:
        # Who approves while it is awaited approves what it will confirm: its pass then changes no decision.
        outcome = Outcome.PASSED
    what = [run.kind, run.parameters, outcome, sorted(judged.evidence)]
    if GATES[run.kind].compares and run.promotion.baseline is not None:
        # Without it, what was acknowledged about one baseline would pass for the next one that has no evidence.
        what.append(f"version {run.promotion.baseline.number}")
    if outcome == Outcome.ERROR or (GATES[run.kind].awaits and outcome != Outcome.PASSED):
        # No evidence tells such a failure from another: a waiver of the one must not cover the other.
        what.append(judged.summary)
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()


def keep_marks(run: GateRun, digest: str) -> None:
    """What was said about an outcome holds for a run that finds the same on the same; else a waiver is void."""
    same = {"gate_run__promotion": run.promotion_id, "gate_run__key": run.key}
    Acknowledgement.objects.filter(**same, gate_run__digest=digest).update(gate_run=run)
    standing = Waiver.objects.filter(**same, voided_at=None)
    standing.filter(gate_run__digest=digest).update(gate_run=run)
    for waiver in standing.exclude(gate_run__digest=digest).select_related("by"):
        void_waiver(waiver, run.promotion, because="the gate has a new result")


TIME_ENDED = "its time has ended"


def void_waiver(waiver: Waiver, promotion: Promotion, *, because: str) -> None:
    Waiver.objects.filter(pk=waiver.pk).update(voided_at=timezone.now(), voided_because=because)
    after = {"gate": waiver.gate_run.key, "given_by": waiver.by.username}
    record(events.WAIVER_VOIDED, promotion_subject(promotion), actor=None, after=after, reason=because)


@transaction.atomic
def rerun_gate(promotion: Promotion, key: str, *, actor: User, reason: str) -> Promotion:
    """Runs one gate again, with a reason that stays beside it. Its evidence is reused unless there was none."""
    promotion = lock_promotion(promotion.pk)
    refuse_if(why_not_rerun(promotion, as_of_now(actor)))
    if run_named(key, current_runs(promotion), promotion).outcome == Outcome.PENDING:
        raise Conflict("gate_running", f"The gate {key} is running already.")
    record(events.GATE_RERUN, promotion_subject(promotion), actor=actor, after={"gate": key}, reason=reason)
    recheck(promotion)
    queue_again(promotion, {key}, because=f"{actor.display_name}: {reason}" if reason else actor.display_name)
    return promotion
