"""Everything that time brings, due at the same moment."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from approvals.actions import open_promotion
from approvals.models import GateRun, Promotion, State
from audit.models import AuditEvent
from registry.models import Stage, TrafficPlan
from tests import factories
from tests.approvals.operating import AT_ONCE, publish_own
from tests.faults.at_once import approval
from tests.processes import wait_until
from work.models import Job, Mail
from work.rounds import go_all_rounds

GATES = 6
IN_A_MOMENT = timedelta(seconds=1.5)
CARD = {"gates": [{"key": "card", "kind": "card_complete"}], "slots": [{"key": "risk", "role": "approver"}]}


def fall_due_together() -> dict[str, Any]:
    """A reminder, an expiry, a completion that was held back, and gates that waited; ids by name."""
    reminded, expiring, held = (_in_review() for _ in range(3))
    approval(held, factories.persona("sam"), "risk", ticks=())()
    waiting = _gates()
    moment = timezone.now() + IN_A_MOMENT
    with transaction.atomic():
        _fall_due(reminded, next_reminder_at=moment, due_at=moment + timedelta(hours=1))
        _fall_due(expiring, expires_at=moment)
        _fall_due(held, not_before=moment, look_again_at=moment)
        Job.objects.filter(pk__in=waiting).update(not_before=moment)
    return {"reminded": reminded.pk, "expiring": expiring.pk, "held": held.pk, "jobs": waiting}


def _in_review() -> Promotion:
    """Without gates, which workers would run meanwhile, and not to be completed today."""
    model = factories.model_named(f"due-{_next()}")
    publish_own(model, AT_ONCE)
    tomorrow = timezone.now() + timedelta(days=1)
    version, dana = factories.version_of(model), factories.persona("dana")
    return open_promotion(version, to_stage=Stage.PRODUCTION, actor=dana, not_before=tomorrow)


def _next() -> int:
    return Promotion.objects.count()


def _fall_due(promotion: Promotion, **moments: datetime) -> None:
    Promotion.objects.filter(pk=promotion.pk).update(**moments)


def _gates() -> list[int]:
    model = factories.model_named(f"due-{_next()}")
    publish_own(model, CARD)
    versions = [factories.version_of(model) for _ in range(GATES)]
    with transaction.atomic():  # workers hear of them when they aren't due yet
        opened = [factories.promotion_in(State.CHECKING, version=version) for version in versions]
        ids = list(GateRun.objects.filter(promotion__in=opened).values_list("job", flat=True))
        Job.objects.filter(pk__in=ids).update(not_before=timezone.now() + timedelta(days=1))
    return ids


def came_of_it(reminded: int, expiring: int, held: int, jobs: list[int]) -> dict[str, Any]:
    """How often each thing happened, once all of it has, and after some further rounds."""
    remind = Job.objects.filter(task="approvals.remind", subject=f"promotion:{reminded}")
    wait_until(lambda: not Job.objects.filter(pk__in=jobs).exclude(state="succeeded").exists(), seconds=60)
    wait_until(lambda: remind.filter(state="succeeded").exists(), seconds=60)
    closed = Promotion.objects.filter(pk__in=[expiring, held]).filter(Q(state="expired") | Q(state="completed"))
    wait_until(lambda: closed.count() == 2, seconds=60)
    for _ in range(3):
        go_all_rounds()
    model = Promotion.objects.get(pk=held).version.model
    letters = Mail.objects.filter(kind="reminder", link__contains=f"/promotions/{reminded}/")
    runs = GateRun.objects.filter(job__in=jobs)
    return {
        "reminders": sorted(Counter(letters.values_list("recipient", flat=True)).values()),
        "remind_jobs": remind.count(),
        "expiring": _often(expiring),
        "held": _often(held),
        "plans": TrafficPlan.objects.filter(model=model).count(),
        "attempts": list(Job.objects.filter(pk__in=jobs).values_list("attempt", flat=True)),
        "finished": [_often(run.promotion_id)["gate.finished"] for run in runs],
    }


def _often(promotion: int) -> Counter[str]:
    about = AuditEvent.objects.filter(subject_kind="promotion", subject_id=str(promotion))
    return Counter(about.values_list("verb", flat=True))
