"""What the rules say of promotions, told in plain Python with as few words as they need."""

from dataclasses import dataclass, field
from typing import Any

from tests import factories

OPEN = {"checking", "blocked", "in_review", "changes_requested", "approved"}
GATES = {"loss": "no_regression", "card": "card_complete", "outside": "external_check"}
#: Pat also contributes, and so can step in for a requester who left.
SLOTS = {"model": {"riley", "sam", "pat"}, "risk": {"sam", "pat"}}
REVIEWERS, APPROVERS, CONTRIBUTORS = SLOTS["model"], SLOTS["risk"], {"dana", "pat"}
POLICY: dict[str, Any] = {
    "gates": [
        {"key": "loss", "kind": "no_regression", "parameters": {"metric": "auc", "dataset": factories.HOLDOUT}},
        {"key": "card", "kind": "card_complete"},
        {"key": "outside", "kind": "external_check", "parameters": {"what": "End-to-end tests"}},
    ],
    "slots": [{"key": "model", "role": "reviewer"}, {"key": "risk", "role": "approver"}],
}

#: What is the same is the same decision: the outcome, and for a comparison with what.
Finding = tuple[str, int | None]
# A part of what an approval rests on: the card's wording, what is live, the policy, the findings, what was waived.
Parts = tuple[int, int | None, int, tuple[Finding, ...], frozenset[str]]


@dataclass(frozen=True)
class Exempted:
    """A waiver: by whom, of which finding, and whether its time is limited."""

    by: str
    finding: Finding
    ends: bool


@dataclass
class Account:
    """What the rules say of one promotion."""

    version: int
    baseline: int | None
    revision: int
    state: str = "checking"
    gates: dict[str, str] = field(default_factory=lambda: dict.fromkeys(GATES, "pending"))
    approvals: dict[str, tuple[str, Parts]] = field(default_factory=dict)  # who: slot and what was seen
    acknowledged: dict[tuple[str, Finding], str] = field(default_factory=dict)  # gate and what of it: who
    waivers: dict[str, Exempted] = field(default_factory=dict)  # gate: what holds now
    taken_over_by: str = ""

    @property
    def barred(self) -> set[str]:
        return {"dana", self.taken_over_by}

    def finding(self, key: str) -> Finding:
        outcome = self.gates[key]
        if key == "outside" and outcome == "waiting":
            outcome = "passed"  # what it will confirm is what people approve
        return (outcome, self.baseline if key == "loss" else None)

    def holding(self, key: str) -> bool:
        """Whether the gate's failure is waived."""
        return key in self.waivers and self.waivers[key].finding == self.finding(key)

    @property
    def failed(self) -> set[str]:
        return {key for key, found in self.gates.items() if found in {"failed", "error"} and not self.holding(key)}

    @property
    def unsure(self) -> set[str]:
        unsure = {key for key, found in self.gates.items() if found == "inconclusive"}
        return {key for key in unsure if (key, self.finding(key)) not in self.acknowledged}

    @property
    def givers(self) -> set[str]:
        return {waiver.by for key, waiver in self.waivers.items() if self.holding(key)}


@dataclass
class Rules:
    """What the rules say of everything."""

    stages: dict[int, str] = field(default_factory=dict)
    cards: dict[int, int] = field(default_factory=dict)
    deprecated: set[int] = field(default_factory=set)
    promotions: dict[int, Account] = field(default_factory=dict)
    live: int | None = None
    left: list[tuple[int, str]] = field(default_factory=list)  # what left Production, how, oldest first
    revision: int = 1
    gone: set[str] = field(default_factory=set)
    completed: int = 0
    after_reviews: int = 0

    # --- Gates and marks ---

    def parts(self, account: Account) -> Parts:
        waived = frozenset(key for key in account.waivers if account.holding(key))
        findings = tuple(account.finding(key) for key in GATES)
        return (self.cards[account.version], account.baseline, account.revision, findings, waived)

    def check_again(self, account: Account, *keys: str) -> None:
        if account.state != "changes_requested":
            account.state = "checking"
        account.gates |= dict.fromkeys(keys, "pending")

    def found(self, account: Account, key: str, outcome: str) -> None:
        """A gate came to this; a waiver of anything else is void for good."""
        account.gates[key] = outcome
        if key in account.waivers and not account.holding(key):
            del account.waivers[key]

    def go_on(self, account: Account) -> None:
        if account.state not in {"checking", "changes_requested"} or "pending" in account.gates.values():
            return
        now = self.parts(account)
        account.approvals = {who: mark for who, mark in account.approvals.items() if mark[1] == now}
        if account.state == "changes_requested":
            return
        account.state = "blocked" if account.failed else "in_review"
        self.complete_if_filled(account)

    # --- Deciding ---

    def counting(self, account: Account) -> dict[str, str]:
        """Who fills which slot by an approval that counts now."""
        marks = account.approvals.items()
        return {who: slot for who, (slot, _) in marks if who not in self.gone | account.barred and who in SLOTS[slot]}

    def open_slots(self, account: Account) -> set[str]:
        return set(SLOTS) - set(self.counting(account).values())

    def only_givers_approve(self, account: Account, *more: str) -> bool:
        return set(self.counting(account)) <= account.givers | set(more)

    def may_decide(self, account: Account, who: str) -> bool:
        return who in REVIEWERS - self.gone - account.barred

    def may_approve(self, account: Account, who: str, slot: str) -> bool:
        alone = who in account.givers and self.only_givers_approve(account) and len(self.open_slots(account)) <= 1
        free = slot in self.open_slots(account) and who in SLOTS[slot]
        return account.state == "in_review" and self.may_decide(account, who) and free and not alone

    def may_waive(self, account: Account, who: str, key: str) -> bool:
        decided = not self.open_slots(account) and self.only_givers_approve(account, who)
        may = account.state in OPEN and who in APPROVERS - self.gone - account.barred
        return may and key in account.failed and not decided

    def is_filled(self, account: Account) -> bool:
        alone = bool(account.givers) and self.only_givers_approve(account)
        return not (self.open_slots(account) or account.unsure or account.failed or alone)

    def complete_if_filled(self, account: Account) -> None:
        if account.state != "in_review" or not self.is_filled(account):
            return
        account.state = "approved"
        if account.gates["outside"] == "waiting":
            return
        account.state = "completed"
        self.completed += 1
        self.replace_live(account.version, "replaced")

    def step_in(self, account: Account, who: str) -> None:
        """Who takes a promotion over takes back what they said before."""
        account.taken_over_by = who
        before = (len(account.approvals), len(account.acknowledged), len(account.waivers))
        account.approvals.pop(who, None)
        account.acknowledged = {of: by for of, by in account.acknowledged.items() if by != who}
        account.waivers = {key: waiver for key, waiver in account.waivers.items() if waiver.by != who}
        if before != (len(account.approvals), len(account.acknowledged), len(account.waivers)):
            self.check_again(account)
            self.go_on(account)

    def restart(self, account: Account) -> None:
        account.approvals = {}
        account.state, account.revision, account.baseline = "checking", self.revision, self.live
        self.check_again(account, *GATES)

    # --- What is live ---

    def replace_live(self, number: int | None, how: str) -> None:
        if self.live is not None:
            self.left.append((self.live, how))
            self.stages[self.live] = "Archived"
        self.live = number
        if number is not None:
            self.stages[number] = "Production"
        for other in self.promotions.values():
            if other.state in OPEN and other.baseline != number:
                other.baseline = number
                self.check_again(other, "loss")

    @property
    def previous(self) -> int | None:
        """The last that left Production and can be gone back to."""
        last = {number: (when, how) for when, (number, how) in enumerate(self.left)}
        good = [
            (when, number)
            for number, (when, how) in last.items()
            if how != "rolled_back" and number not in self.deprecated and self.stages[number] == "Archived"
        ]
        return max(good)[1] if good else None

    def supersede(self, number: int) -> None:
        for account in self.promotions.values():
            if account.version == number and account.state in OPEN:
                account.state = "superseded"

    # --- What time does ---

    def end_limited_waivers(self) -> None:
        for account in self.promotions.values():
            for key, waiver in list(account.waivers.items()):
                if waiver.ends:
                    del account.waivers[key]
                    self.after_reviews += account.state == "completed"
                    if account.state in OPEN:
                        self.check_again(account)
                        self.go_on(account)

    def sweep(self) -> None:
        for account in self.promotions.values():
            self.complete_if_filled(account)
