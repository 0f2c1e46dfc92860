"""Putting gate runs on the queue, in the transaction that wants them."""

from collections.abc import Collection

from django.utils import timezone

from approvals.models import GateRun, Outcome, Promotion
from approvals.policies import GateRule
from approvals.standing import current_runs, document_of
from work.actions import cancel, enqueue

TASK = "approvals.run_gate"


def queue_gates(promotion: Promotion) -> None:
    """Queues the first run of every gate of the policy."""
    for position, rule in enumerate(document_of(promotion).gates):
        _queue(promotion, rule, position, number=1)


def _queue(promotion: Promotion, rule: GateRule, position: int, *, number: int, because: str = "") -> GateRun:
    run = GateRun.objects.create(
        promotion=promotion,
        key=rule.key,
        kind=rule.kind,
        parameters=rule.parameters,
        position=position,
        number=number,
        because=because[:300],
    )
    run.job = enqueue(TASK, queue="gates", subject=f"gate-run:{run.pk}")
    run.save(update_fields=["job"])
    return run


def queue_again(promotion: Promotion, keys: Collection[str], *, because: str) -> None:
    """New runs of the named gates, replacing the current ones; call it under the promotion's lock."""
    rules = {rule.key: rule for rule in document_of(promotion).gates}
    for run in current_runs(promotion):
        if run.key in keys:
            if run.job is not None:
                cancel(run.job)
            replace_run(run)
            _queue(promotion, rules[run.key], run.position, number=run.number + 1, because=because)


def replace_run(run: GateRun) -> None:
    """Makes room for the gate's next run; one that never came to an end says so."""
    unfinished = GateRun.objects.filter(pk=run.pk, outcome=Outcome.PENDING)
    unfinished.update(outcome=Outcome.STOPPED, finished_at=timezone.now())
    GateRun.objects.filter(pk=run.pk).update(is_current=False)


def stop_gates(promotion: Promotion) -> None:
    """Ends what still runs for a promotion that closed, so that nothing of it looks as if it went on."""
    for run in promotion.gate_runs.filter(is_current=True, outcome=Outcome.PENDING).select_related("job"):
        if run.job is not None:
            cancel(run.job)
        GateRun.objects.filter(pk=run.pk).update(outcome=Outcome.STOPPED, finished_at=timezone.now())


def queue_all_anew(promotion: Promotion, *, because: str) -> None:
    """First runs under another revision: gates that are no longer asked go, the others count their runs on."""
    last: dict[str, int] = {}
    for run in promotion.gate_runs.select_related("job").order_by("number"):
        last[run.key] = run.number
        if run.is_current and run.job is not None:
            cancel(run.job)
    promotion.gate_runs.filter(is_current=True, outcome=Outcome.PENDING).update(
        outcome=Outcome.STOPPED, finished_at=timezone.now()
    )
    promotion.gate_runs.filter(is_current=True).update(is_current=False)
    for position, rule in enumerate(document_of(promotion).gates):
        _queue(promotion, rule, position, number=last.get(rule.key, 0) + 1, because=because)
