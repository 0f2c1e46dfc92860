"""Rollbacks at the moment when something else happens to what is live, or when nothing answers."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from accounts.models import User
from accounts.roles import Role
from approvals.actions import open_promotion, roll_back, take_down
from approvals.models import AfterReview, Promotion
from audit.models import AuditEvent
from registry.models import Model, StageTerm, TrafficPlan, Version
from tests import factories
from tests.approvals.operating import live, put_live
from tests.factories import persona
from tests.faults.at_once import ROUNDS, Act, approval, at_once, in_turn, set_up
from work import actions as work_actions
from work.models import Job, Mail


@dataclass
class Scene:
    """A model with an earlier version, one that is live, and a promotion that only wants its last approval."""

    model: Model
    earlier: Version
    now: Version
    promotion: Promotion

    @property
    def approving(self) -> Act:
        return approval(self.promotion, persona("sam"), "risk", ticks=())

    def rolling_back(self, who: User) -> Act:
        return lambda: roll_back(self.model, actor=who, reason="Wrong rates.", expected_live=self.now.number)

    def taking_down(self, who: User) -> Act:
        return lambda: take_down(self.model, actor=who, reason="Wrong rates.", expected_live=self.now.number)

    def found(self, answers: Sequence[str]) -> dict[str, Any]:
        self.promotion.refresh_from_db()
        names = {self.earlier.number: "earlier", self.now.number: "now", self.promotion.version.number: "next"}
        about = AuditEvent.objects.filter(model_name=self.model.name)
        return {
            "answers": list(answers),
            "counted": dict(Counter(answers)),
            "live": [names[number] for number in live(self.model)],
            "plans": TrafficPlan.objects.filter(model=self.model, ended_at=None).count(),
            "terms": StageTerm.objects.filter(version__model=self.model, stage="Production", ended_at=None).count(),
            "state": self.promotion.state,
            "after_reviews": AfterReview.objects.filter(model=self.model).count(),
            "told": Counter(about.values_list("verb", flat=True))["model.rolled_back"],
        }


def scene(number: int) -> Scene:
    model = factories.model_named(f"rates-{time.monotonic_ns()}-{number}")
    earlier, now = put_live(model), put_live(model)
    wanted = open_promotion(factories.version_of(model), to_stage="Production", actor=persona("dana"))
    now.refresh_from_db()
    return Scene(model, earlier, now, wanted)


def against_completion() -> list[dict[str, Any]]:
    scenes = [scene(number) for number in range(ROUNDS)]
    return [each.found(at_once([each.approving, each.rolling_back(persona("omar"))])) for each in scenes]


def before_completion() -> list[dict[str, Any]]:
    each = scene(0)
    return [each.found(in_turn([each.rolling_back(persona("omar")), each.approving]))]


def after_completion() -> list[dict[str, Any]]:
    each = scene(0)
    return [each.found(in_turn([each.approving, each.rolling_back(persona("omar"))]))]


def two_at_once() -> list[dict[str, Any]]:
    other = factories.person("Olga Operator", Role.OPERATOR)
    scenes = [scene(number) for number in range(ROUNDS)]
    return [each.found(at_once([each.rolling_back(who) for who in (persona("omar"), other)] * 4)) for each in scenes]


def against_a_take_down() -> list[dict[str, Any]]:
    scenes = [scene(number) for number in range(ROUNDS)]
    omar = persona("omar")
    return [each.found(at_once([each.rolling_back(omar), each.taking_down(omar)])) for each in scenes]


def while_nothing_answers() -> list[dict[str, Any]]:
    """Where neither the queue nor the mail server does; letters wait for them."""
    set_up()
    factories.person("Olga Operator", Role.OPERATOR)  # who rolls back gets no letter about it
    each = scene(0)
    work_actions._broker.left_alone_until = 0.0
    letters = Mail.objects.count()
    started = time.monotonic()
    answers = in_turn([each.rolling_back(persona("omar"))])
    seconds = time.monotonic() - started
    written = Mail.objects.order_by("-pk")[: Mail.objects.count() - letters]
    waiting = Job.objects.filter(state="queued", nudged_at=None, mail__in=written).count()
    return [{**each.found(answers), "seconds": seconds, "letters": len(written), "waiting": waiting}]


def all_of_them() -> dict[str, list[dict[str, Any]]]:
    set_up()
    races = (against_completion, before_completion, after_completion, two_at_once, against_a_take_down)
    return {race.__name__: race() for race in races}
