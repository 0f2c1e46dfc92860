"""Any order of deeds: the real tables and a small account of the rules in plain Python always agree."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from accounts.reasons import Refusal
from approvals.actions import (
    open_promotion,
    publish_policy,
    rerun_gate,
    resubmit_promotion,
    review_promotion,
    withdraw_promotion,
)
from approvals.intake import revise_card
from approvals.models import GateRun, Promotion, Review
from audit.models import AuditEvent
from registry.models import Model, Stage, Version
from tests import factories
from tests.approvals.test_lifecycle import check_stages
from tests.factories import persona

OPEN = {"checking", "blocked", "in_review", "changes_requested", "approved"}
GATES = {"loss": "no_regression", "card": "card_complete"}
SLOTS = {"model": {"riley", "sam"}, "risk": {"sam"}}
POLICY = {
    "gates": [
        {"key": "loss", "kind": "no_regression", "parameters": {"metric": "auc", "dataset": factories.HOLDOUT}},
        {"key": "card", "kind": "card_complete"},
    ],
    "slots": [{"key": "model", "role": "reviewer"}, {"key": "risk", "role": "approver"}],
}
OUTCOMES = st.sampled_from(["passed"] * 7 + ["inconclusive", "failed", "error"])
APPROVALS = st.sampled_from(
    [("riley", "model"), ("riley", "model"), ("sam", "risk"), ("sam", "risk"), ("sam", "model"), ("dana", "risk")]
)
PEOPLE = st.sampled_from(["riley", "sam", "dana", "omar"])

# A part of what an approval rests on: the card's wording, what is live, and each gate's outcome.
Parts = tuple[int, int | None, str, str]


@dataclass
class Account:
    """What the rules say of one promotion."""

    version: int
    baseline: int | None
    state: str = "checking"
    gates: dict[str, str] = field(default_factory=lambda: dict.fromkeys(GATES, "pending"))
    approvals: dict[str, tuple[str, Parts]] = field(default_factory=dict)
    acknowledged: set[str] = field(default_factory=set)


@dataclass
class Rules:
    """What the rules say of everything, told in as few words as they need."""

    stages: dict[int, str] = field(default_factory=dict)
    cards: dict[int, int] = field(default_factory=dict)
    promotions: dict[int, Account] = field(default_factory=dict)
    live: int | None = None

    def parts(self, account: Account) -> Parts:
        return (self.cards[account.version], account.baseline, account.gates["loss"], account.gates["card"])

    def check_again(self, account: Account, *keys: str) -> None:
        if account.state != "changes_requested":
            account.state = "checking"
        account.gates |= dict.fromkeys(keys, "pending")

    def go_on(self, account: Account) -> None:
        if account.state != "checking" or "pending" in account.gates.values():
            return
        now = self.parts(account)
        account.approvals = {slot: mark for slot, mark in account.approvals.items() if mark[1] == now}
        if {"failed", "error"} & set(account.gates.values()):
            account.state = "blocked"
            return
        account.state = "in_review"
        self.complete_if_filled(account)

    def unsure(self, account: Account) -> set[str]:
        return {key for key, outcome in account.gates.items() if outcome == "inconclusive"} - account.acknowledged

    def complete_if_filled(self, account: Account) -> None:
        if account.approvals.keys() != SLOTS.keys() or self.unsure(account):
            return
        account.state = "completed"
        if self.live is not None:
            self.stages[self.live] = "Archived"
        self.live = account.version
        self.stages[self.live] = "Production"
        for other in self.promotions.values():
            if other.state in OPEN:
                other.baseline = self.live
                self.check_again(other, "loss")

    def may_approve(self, account: Account, who: str, slot: str) -> bool:
        has_approved = who in {name for name, _ in account.approvals.values()}
        return (
            account.state == "in_review" and who in SLOTS[slot] and slot not in account.approvals and not has_approved
        )


class Deeds(RuleBasedStateMachine):
    """Does the same to the tables and to the account, and compares."""

    beginning = Rules()  # of every order of deeds

    def __init__(self) -> None:
        super().__init__()
        self.block = transaction.atomic()
        self.block.__enter__()
        self.model = Model.objects.get(name="loan")
        self.told = deepcopy(self.beginning)

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.block.__exit__(None, None, None)

    # --- How the two meet ---

    def pick(self, data: st.DataObject, states: set[str] = OPEN) -> tuple[Promotion, Account]:
        """One of the promotions, rather in one of these states than in another."""
        every = self.told.promotions
        wanted = [pk for pk, account in every.items() if account.state in states] or list(every)
        pk = data.draw(st.sampled_from(sorted(wanted)))
        return Promotion.objects.get(pk=pk), every[pk]

    def agree(self, expected: bool, act: Callable[[], object]) -> bool:
        """Does it; the real thing must refuse exactly what the rules refuse."""
        refused = ""
        try:
            with transaction.atomic():
                act()
        except Refusal as refusal:
            refused = str(refusal)
        assert bool(refused) != expected, refused or "done, though the rules refuse it"
        return expected

    # --- What people and workers do ---

    def put_two_versions_before_their_reviewers(self) -> None:
        for number in (1, 2):
            self.register()
            self.open_for(number)
            self.finish(max(self.told.promotions), {"loss": "passed", "card": "passed"})

    @precondition(lambda self: len(self.told.stages) < 4)
    @rule()
    def register(self) -> None:
        version = factories.version_of(self.model, by=persona("dana"))
        self.told.stages[version.number], self.told.cards[version.number] = "Staging", 1

    @precondition(lambda self: self.told.stages)
    @rule(data=st.data())
    def open(self, data: st.DataObject) -> None:
        self.open_for(data.draw(st.sampled_from(sorted(self.told.stages))))

    def open_for(self, number: int) -> None:
        version = self.model.versions.get(number=number)
        is_open = any(a.version == number and a.state in OPEN for a in self.told.promotions.values())
        allowed = self.told.stages[number] == "Staging" and not is_open
        if self.agree(allowed, lambda: open_promotion(version, to_stage=Stage.PRODUCTION, actor=persona("dana"))):
            opened = Promotion.objects.latest("pk")
            self.told.promotions[opened.pk] = Account(number, self.told.live)

    @precondition(lambda self: self.told.promotions)
    @rule(data=st.data(), loss=OUTCOMES, card=OUTCOMES)
    def finish_gates(self, data: st.DataObject, loss: str, card: str) -> None:
        promotion, account = self.pick(data, {"checking"})
        if account.state in OPEN:
            self.finish(promotion.pk, {"loss": loss, "card": card})

    def finish(self, promotion: int, outcomes: dict[str, str]) -> None:
        account = self.told.promotions[promotion]
        for run in GateRun.objects.filter(promotion=promotion, is_current=True, outcome="pending"):
            factories.finish_gate(run, outcomes[run.key])
            account.gates[run.key] = outcomes[run.key]
            self.told.go_on(account)

    @precondition(lambda self: self.told.promotions)
    @rule(data=st.data(), who_and_slot=APPROVALS)
    def approve(self, data: st.DataObject, who_and_slot: tuple[str, str]) -> None:
        promotion, account = self.pick(data, {"in_review"})
        self.approve_as(promotion, account, *who_and_slot)

    @precondition(lambda self: self.told.promotions)
    @rule(data=st.data())
    def approve_by_both(self, data: st.DataObject) -> None:
        promotion, account = self.pick(data, {"in_review"})
        for who, slot in (("riley", "model"), ("sam", "risk")):
            promotion.refresh_from_db()
            self.approve_as(promotion, account, who, slot)

    def approve_as(self, promotion: Promotion, account: Account, who: str, slot: str) -> None:
        if any(name == who for name, _ in account.approvals.values()):
            return  # the same approval again is the one there is, in any state; test_reviewing tells them apart
        words = dict.fromkeys(self.told.unsure(account), "Small enough.")

        def act() -> None:
            review_promotion(
                promotion,
                actor=persona(who),
                verdict="approve",
                seal=promotion.seal,
                slot=slot,
                acknowledgements=words,
            )

        if self.agree(self.told.may_approve(account, who, slot), act):
            account.acknowledged |= set(words)
            account.approvals[slot] = (who, self.told.parts(account))
            self.told.complete_if_filled(account)

    @precondition(lambda self: self.told.promotions)
    @rule(data=st.data(), who=PEOPLE, verdict=st.sampled_from(["request_changes"] * 4 + ["reject"]))
    def refuse(self, data: st.DataObject, who: str, verdict: str) -> None:
        promotion, account = self.pick(data)
        allowed_in = OPEN if verdict == "reject" else {"checking", "blocked", "in_review"}

        def act() -> None:
            review_promotion(promotion, actor=persona(who), verdict=verdict, seal=promotion.seal, comment="Because.")

        if self.agree(who in {"riley", "sam"} and account.state in allowed_in, act):
            account.state = {"reject": "rejected", "request_changes": "changes_requested"}[verdict]
            if verdict == "request_changes":
                account.approvals = {slot: mark for slot, mark in account.approvals.items() if mark[0] != who}

    @precondition(lambda self: self.told.promotions)
    @rule(data=st.data(), who=PEOPLE)
    def resubmit(self, data: st.DataObject, who: str) -> None:
        promotion, account = self.pick(data, {"changes_requested"})
        allowed = who == "dana" and account.state == "changes_requested"
        if self.agree(allowed, lambda: resubmit_promotion(promotion, actor=persona(who), answer="Done.")):
            account.state = "checking"
            self.told.go_on(account)

    @precondition(lambda self: len([a for a in self.told.promotions.values() if a.state in OPEN]) > 1)
    @rule(data=st.data(), who=PEOPLE)
    def withdraw(self, data: st.DataObject, who: str) -> None:
        promotion, account = self.pick(data)
        allowed = who == "dana" and account.state in OPEN
        if self.agree(allowed, lambda: withdraw_promotion(promotion, actor=persona(who), reason="Later.")):
            account.state = "withdrawn"

    @precondition(lambda self: self.told.promotions)
    @rule(data=st.data(), who=PEOPLE, key=st.sampled_from(sorted(GATES)))
    def rerun(self, data: st.DataObject, who: str, key: str) -> None:
        promotion, account = self.pick(data)
        allowed = who != "omar" and account.state in OPEN and account.gates[key] != "pending"
        if self.agree(allowed, lambda: rerun_gate(promotion, key, actor=persona(who), reason="Again.")):
            self.told.check_again(account, key)

    @precondition(lambda self: self.told.cards)
    @rule(data=st.data())
    def revise_the_card(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(sorted(self.told.cards)))
        self.told.cards[number] += 1
        text = f"{factories.CARD}\nWording {self.told.cards[number]}.\n"
        revise_card(self.model.versions.get(number=number), text=text, actor=persona("dana"))
        for account in self.told.promotions.values():
            if account.version == number and account.state in OPEN:
                self.told.check_again(account, "card")

    # --- What always holds ---

    @invariant()
    def tables_say_what_the_rules_say(self) -> None:
        rows = Promotion.objects.filter(pk__in=self.told.promotions)
        assert {row.pk: row.state for row in rows} == {pk: a.state for pk, a in self.told.promotions.items()}
        stages = dict(self.model.versions.values_list("number", "stage"))
        assert stages == self.told.stages
        marks: dict[int, dict[str, str]] = {pk: {} for pk in self.told.promotions}
        for review in Review.objects.filter(verdict="approve", fell_at=None).select_related("reviewer"):
            marks[review.promotion_id][review.slot] = review.reviewer.username
        told = {pk: {slot: who for slot, (who, _) in a.approvals.items()} for pk, a in self.told.promotions.items()}
        assert marks == told

    @invariant()
    def stages_and_traffic_agree(self) -> None:
        check_stages(self.model)

    @invariant()
    def nothing_went_live_without_two_different_people(self) -> None:
        for promotion in Promotion.objects.filter(pk__in=self.told.promotions, state="completed"):
            approved = promotion.reviews.filter(verdict="approve", fell_at=None)
            assert len({review.reviewer_id for review in approved}) == 2
            assert all(review.seal == promotion.seal for review in approved)
        completed = [account for account in self.told.promotions.values() if account.state == "completed"]
        events = AuditEvent.objects.filter(verb="promotion.completed", subject_name__endswith="Production")
        assert events.count() == len(completed)


@pytest.fixture
def ruled(loan: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two versions before their reviewers: made once, for every order of deeds to begin with."""
    publish_policy("Loan", POLICY, actor=None, target_stage=Stage.PRODUCTION, model=loan)
    assert not Version.objects.exists()
    first = Deeds()
    first.put_two_versions_before_their_reviewers()
    first.tables_say_what_the_rules_say()
    first.block.__exit__(None, None, None)
    monkeypatch.setattr(Deeds, "beginning", first.told)


def play(**how: object) -> None:
    unhurried = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    how = {"deadline": None, "suppress_health_check": unhurried, "database": None, **how}
    run_state_machine_as_test(Deeds, settings=settings(**how))  # type: ignore[arg-type]


# Shrinking a failure takes minutes here; the long test below does it.
def test_any_short_order_of_deeds_keeps_the_rules(ruled: None) -> None:
    play(max_examples=15, stateful_step_count=20, derandomize=True, phases=[Phase.generate])


@pytest.mark.slow
def test_any_long_order_of_deeds_keeps_the_rules(ruled: None) -> None:
    play(max_examples=60, stateful_step_count=40)
