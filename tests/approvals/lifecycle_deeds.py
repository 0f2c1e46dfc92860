"""Deeds of people, workers and time, done to the real tables and to the rules told in plain Python."""

from collections.abc import Callable
from copy import deepcopy
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
)

from accounts.actions import edit_person
from accounts.reasons import Refusal
from approvals.actions import (
    archive_version,
    deprecate_version,
    open_promotion,
    publish_policy,
    report_gate,
    rerun_gate,
    restart_promotion,
    resubmit_promotion,
    review_promotion,
    roll_back,
    take_down,
    take_over_promotion,
    waive_gate,
    withdraw_promotion,
)
from approvals.actions.deadlines import go_round
from approvals.actions.operating import NOTHING
from approvals.intake import revise_card
from approvals.models import AfterReview, GateRun, Promotion, Review, Waiver
from audit.models import AuditEvent
from registry.models import Model, Stage
from tests import factories
from tests.approvals.lifecycle_rules import CONTRIBUTORS, GATES, OPEN, POLICY, SLOTS, Account, Exempted, Rules
from tests.approvals.test_lifecycle import check_stages
from tests.factories import persona


def let(username: str, *, active: bool) -> None:
    person = persona(username)
    person.is_active = active
    edit_person(person, actor=None)


OUTCOMES = st.sampled_from(["passed"] * 6 + ["inconclusive", "failed", "failed", "error"])
REPORTS = st.sampled_from(["passed"] * 5 + ["failed", ""])
APPROVALS = st.sampled_from(
    [
        *(("riley", "model"), ("riley", "model"), ("sam", "risk"), ("sam", "risk")),
        *(("pat", "risk"), ("pat", "model"), ("dana", "risk")),
    ]
)
PEOPLE = st.sampled_from(["riley", "sam", "dana", "omar", "pat"])
APPROVING = st.sampled_from(["sam", "pat", "sam", "pat", "riley", "dana"])
OPERATING = st.sampled_from(["omar", "omar", "omar", "sam"])


class Deeds(RuleBasedStateMachine):
    """Does the same to the tables and to the account, and compares."""

    beginning = Rules()  # of every order of deeds

    def __init__(self) -> None:
        super().__init__()
        self.block = transaction.atomic()
        self.block.__enter__()
        self.model = Model.objects.get(name="loan")
        self.told = deepcopy(self.beginning)
        self.closed: dict[int, str] = {}

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
            self.finish(max(self.told.promotions), {"loss": "passed", "card": "passed", "outside": "waiting"})

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
        allowed = self.told.stages[number] == "Staging" and not is_open and number not in self.told.deprecated
        if self.agree(allowed, lambda: open_promotion(version, to_stage=Stage.PRODUCTION, actor=persona("dana"))):
            opened = Promotion.objects.latest("pk")
            self.told.promotions[opened.pk] = Account(number, self.told.live, self.told.revision)

    @precondition(lambda self: self.told.promotions)
    @rule(data=st.data(), loss=OUTCOMES, card=OUTCOMES, answer=REPORTS)
    def finish_gates(self, data: st.DataObject, loss: str, card: str, answer: str) -> None:
        promotion, account = self.pick(data, {"checking"})
        if account.state in OPEN:
            self.finish(promotion.pk, {"loss": loss, "card": card, "outside": "waiting"})
            if answer:
                self.report_as_pipeline(promotion, account, answer)

    def finish(self, promotion: int, outcomes: dict[str, str]) -> None:
        account = self.told.promotions[promotion]
        for run in GateRun.objects.filter(promotion=promotion, is_current=True, outcome="pending"):
            factories.finish_gate(run, outcomes[run.key])
            self.told.found(account, run.key, outcomes[run.key])
            self.told.go_on(account)

    @precondition(lambda self: self.told.promotions)
    @rule(data=st.data(), answer=st.sampled_from(["passed", "passed", "failed"]))
    def report(self, data: st.DataObject, answer: str) -> None:
        self.report_as_pipeline(*self.pick(data, {"in_review", "approved"}), answer)

    def report_as_pipeline(self, promotion: Promotion, account: Account, answer: str) -> None:
        def act() -> None:
            report_gate(promotion, "outside", actor=persona("pipeline"), outcome=answer, summary=f"It {answer}.")

        if self.agree(account.state in OPEN, act):
            self.told.found(account, "outside", answer)
            self.told.check_again(account)
            self.told.go_on(account)

    @precondition(lambda self: self.told.promotions)
    @rule(data=st.data(), who_and_slot=APPROVALS)
    def approve(self, data: st.DataObject, who_and_slot: tuple[str, str]) -> None:
        promotion, account = self.pick(data, {"in_review"})
        self.approve_as(promotion, account, *who_and_slot)

    @precondition(lambda self: self.told.promotions)
    @rule(data=st.data(), second=st.sampled_from(["sam", "pat"]))
    def approve_by_both(self, data: st.DataObject, second: str) -> None:
        promotion, account = self.pick(data, {"in_review"})
        for who, slot in (("riley", "model"), (second, "risk")):
            promotion.refresh_from_db()
            self.approve_as(promotion, account, who, slot)

    def approve_as(self, promotion: Promotion, account: Account, who: str, slot: str) -> None:
        if who in account.approvals:
            return  # the same approval again is the one there is, in any state; test_reviewing tells them apart
        words = dict.fromkeys(account.unsure, "Small enough.")

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
            account.acknowledged |= {(key, account.finding(key)): who for key in words}
            account.approvals[who] = (slot, self.told.parts(account))
            self.told.complete_if_filled(account)

    @precondition(lambda self: self.told.promotions)
    @rule(data=st.data(), who=APPROVING, key=st.sampled_from(sorted(GATES)), ends=st.booleans())
    def waive(self, data: st.DataObject, who: str, key: str, ends: bool) -> None:
        promotion, account = self.pick(data, {"blocked"})
        key = min(account.failed, default=key)
        digest = promotion.gate_runs.get(key=key, is_current=True).digest
        until = timezone.now() + timedelta(hours=1) if ends else None

        def act() -> None:
            waive_gate(promotion, key, actor=persona(who), reason="Known.", digest=digest, expires_at=until)

        if self.agree(self.told.may_waive(account, who, key), act):
            account.waivers[key] = Exempted(who, account.finding(key), ends)
            self.told.check_again(account)
            self.told.go_on(account)

    @precondition(lambda self: self.told.promotions)
    @rule(data=st.data(), who=PEOPLE, verdict=st.sampled_from(["request_changes"] * 4 + ["reject"]))
    def refuse(self, data: st.DataObject, who: str, verdict: str) -> None:
        promotion, account = self.pick(data)
        allowed_in = OPEN if verdict == "reject" else OPEN - {"changes_requested"}

        def act() -> None:
            review_promotion(promotion, actor=persona(who), verdict=verdict, seal=promotion.seal, comment="Because.")

        if self.agree(self.told.may_decide(account, who) and account.state in allowed_in, act):
            account.state = {"reject": "rejected", "request_changes": "changes_requested"}[verdict]
            if verdict == "request_changes":
                account.approvals.pop(who, None)

    @precondition(lambda self: self.told.promotions)
    @rule(data=st.data(), who=PEOPLE)
    def resubmit(self, data: st.DataObject, who: str) -> None:
        promotion, account = self.pick(data, {"changes_requested"})
        allowed = who in CONTRIBUTORS - self.told.gone and account.state == "changes_requested"
        if self.agree(allowed, lambda: resubmit_promotion(promotion, actor=persona(who), answer="Done.")):
            account.state = "checking"
            self.told.go_on(account)

    @precondition(lambda self: len([a for a in self.told.promotions.values() if a.state in OPEN]) > 1)
    @rule(data=st.data(), who=PEOPLE)
    def withdraw(self, data: st.DataObject, who: str) -> None:
        promotion, account = self.pick(data)
        allowed = who in account.barred - self.told.gone and account.state in OPEN
        if self.agree(allowed, lambda: withdraw_promotion(promotion, actor=persona(who), reason="Later.")):
            account.state = "withdrawn"

    @precondition(lambda self: self.told.promotions)
    @rule(data=st.data(), who=PEOPLE, key=st.sampled_from(sorted(GATES)))
    def rerun(self, data: st.DataObject, who: str, key: str) -> None:
        promotion, account = self.pick(data)
        allowed = who not in self.told.gone | {"omar"} and account.state in OPEN and account.gates[key] != "pending"
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

    # --- Under another person or policy ---

    @precondition(lambda self: self.told.promotions)
    @rule(data=st.data(), who=st.sampled_from(["pat", "pat", "riley", "omar"]))
    def take_over(self, data: st.DataObject, who: str) -> None:
        """While dana is away for a moment."""
        promotion, account = self.pick(data)
        allowed = who in {"pat"} - self.told.gone - account.barred and account.state in OPEN
        let("dana", active=False)
        if self.agree(allowed, lambda: take_over_promotion(promotion, actor=persona(who), reason="Dana is away.")):
            self.told.step_in(account, who)
        let("dana", active=True)

    @rule()
    def republish_the_policy(self) -> None:
        self.told.revision += 1
        document = {**POLICY, "due_days": 2 + self.told.revision}
        publish_policy("Loan", document, actor=None, target_stage=Stage.PRODUCTION, model=self.model)

    @precondition(lambda self: any(a.revision != self.told.revision for a in self.told.promotions.values()))
    @rule(data=st.data(), who=st.sampled_from(["dana", "pat", "sam"]))
    def restart(self, data: st.DataObject, who: str) -> None:
        promotion, account = self.pick(data)
        contributes = who in CONTRIBUTORS - self.told.gone
        allowed = contributes and account.state in OPEN and account.revision != self.told.revision
        if self.agree(allowed, lambda: restart_promotion(promotion, actor=persona(who))):
            self.told.restart(account)

    @rule(who=st.sampled_from(["riley", "sam", "pat"]))
    def leave_or_come_back(self, who: str) -> None:
        self.told.gone ^= {who}
        let(who, active=who not in self.told.gone)

    # --- What operators do ---

    @precondition(lambda self: self.told.left or self.told.live)
    @rule(data=st.data(), who=OPERATING, named=st.booleans())
    def roll_back(self, data: st.DataObject, who: str, named: bool) -> None:
        told = self.told
        number = data.draw(st.sampled_from(sorted(told.stages))) if named else told.previous
        was_live = number in {left for left, _ in told.left} and told.stages.get(number or 0) == "Archived"
        to = self.model.versions.get(number=number) if named else None
        allowed = who == "omar" and was_live and number not in told.deprecated
        how = {"reason": "Drift.", "to": to, "expected_live": told.live or NOTHING}
        if self.agree(allowed, lambda: roll_back(self.model, actor=persona(who), **how)):
            told.replace_live(number, "rolled_back")
            told.after_reviews += 1

    @precondition(lambda self: self.told.live)
    @rule(who=OPERATING)
    def take_down(self, who: str) -> None:
        if self.agree(who == "omar", lambda: take_down(self.model, actor=persona(who), reason="Illegal.")):
            self.told.replace_live(None, "taken_down")
            self.told.after_reviews += 1

    @precondition(lambda self: len(self.told.stages) > 2)
    @rule(data=st.data(), who=OPERATING, deprecating=st.booleans())
    def put_away(self, data: st.DataObject, who: str, deprecating: bool) -> None:
        number = data.draw(st.sampled_from(sorted(self.told.stages)))
        version, there = self.model.versions.get(number=number), self.told.stages[number] == "Staging"
        allowed = number not in self.told.deprecated if deprecating else there
        act = deprecate_version if deprecating else archive_version
        if self.agree(who == "omar" and allowed, lambda: act(version, actor=persona(who), reason="Old.")):
            self.told.supersede(number)
            if deprecating:
                self.told.deprecated.add(number)
            else:
                self.told.stages[number] = "Archived"

    # --- What time does ---

    @rule()
    def sweep(self) -> None:
        go_round()
        self.told.sweep()

    @precondition(lambda self: any(a.waivers for a in self.told.promotions.values()))
    @rule()
    def an_hour_passes(self) -> None:
        Waiver.objects.filter(voided_at=None).exclude(expires_at=None).update(expires_at=timezone.now())
        go_round()
        self.told.end_limited_waivers()
        self.told.sweep()

    @precondition(lambda self: len([a for a in self.told.promotions.values() if a.state in OPEN]) > 2)
    @rule(data=st.data())
    def one_expires(self, data: st.DataObject) -> None:
        promotion, account = self.pick(data)
        Promotion.objects.filter(pk=promotion.pk).update(expires_at=timezone.now())
        go_round()
        account.state = "expired" if account.state in OPEN else account.state
        self.told.sweep()

    # --- What always holds ---

    @invariant()
    def tables_say_what_the_rules_say(self) -> None:
        rows = Promotion.objects.filter(pk__in=self.told.promotions)
        assert {row.pk: row.state for row in rows} == {pk: a.state for pk, a in self.told.promotions.items()}
        stages = dict(self.model.versions.values_list("number", "stage"))
        assert stages == self.told.stages
        marks: dict[int, dict[str, str]] = {pk: {} for pk in self.told.promotions}
        for review in Review.objects.filter(verdict="approve", fell_at=None).select_related("reviewer"):
            marks[review.promotion_id][review.reviewer.username] = review.slot
        told = {pk: {who: slot for who, (slot, _) in a.approvals.items()} for pk, a in self.told.promotions.items()}
        assert marks == told

    @invariant()
    def stages_and_traffic_agree(self) -> None:
        check_stages(self.model)

    @invariant()
    def what_is_closed_stays_closed(self) -> None:
        now = dict(Promotion.objects.filter(closed_at__isnull=False).values_list("pk", "state"))
        assert {pk: now.get(pk) for pk in self.closed} == self.closed
        self.closed = now

    @invariant()
    def nothing_went_live_without_two_people_of_whom_one_made_no_exception(self) -> None:
        for promotion in Promotion.objects.filter(pk__in=self.told.promotions, state="completed"):
            approved = promotion.reviews.filter(verdict="approve", fell_at=None)
            people = {review.reviewer.username for review in approved}
            assert len(people) >= 2
            assert {review.slot for review in approved} == set(SLOTS)
            assert all(review.seal == promotion.seal for review in approved)
            assert not people & {"dana", *(taken.by.username for taken in promotion.takeovers.all())}
            runs = promotion.gate_runs.filter(is_current=True)
            waived = Waiver.objects.filter(gate_run__in=runs, voided_because="")
            assert people - {waiver.by.username for waiver in waived}
            assert not runs.filter(outcome__in=["waiting", "pending"]).exists()
        events = AuditEvent.objects.filter(verb="promotion.completed", subject_name__endswith="Production")
        assert events.count() == self.told.completed

    @invariant()
    def what_was_done_without_asking_is_looked_at_afterwards(self) -> None:
        assert AfterReview.objects.count() == self.told.after_reviews
