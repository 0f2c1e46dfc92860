"""Putting gate runs on the queue, in the transaction that wants them."""

from collections.abc import Collection

from approvals.models import GateRun, Promotion
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
            GateRun.objects.filter(pk=run.pk).update(is_current=False)
            _queue(promotion, rules[run.key], run.position, number=run.number + 1, because=because)
