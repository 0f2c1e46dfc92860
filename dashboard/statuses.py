"""Icon, colour and words of every status. A status is never shown by its icon or colour alone."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Status:
    """How one status looks: a symbol of the sprite, a tone of the stylesheet, its words."""

    icon: str
    tone: str
    words: str
    spins: bool = False
    strong: bool = False


GATES = {
    "passed": Status("i-pass", "pass", "Passed"),
    "failed": Status("i-fail", "fail", "Failed"),
    "error": Status("i-over", "fail", "Error"),
    "inconclusive": Status("i-unsure", "warn", "Inconclusive"),
    "waived": Status("i-waived", "warn", "Waived"),
    "running": Status("i-run", "run", "Running", spins=True),
    "queued": Status("i-wait", "", "Queued"),
    "waiting": Status("i-wait", "", "Waiting"),
    "stopped": Status("i-stop", "", "Not finished"),
}

PROMOTIONS = {
    "checking": Status("i-run", "run", "Checking", spins=True),
    "blocked": Status("i-fail", "fail", "Blocked"),
    "in_review": Status("i-wait", "", "Awaiting review"),
    "changes_requested": Status("i-back", "warn", "Changes requested"),
    "approved": Status("i-pass", "pass", "Approved"),
    "completed": Status("i-pass", "pass", "Completed"),
    "rejected": Status("i-fail", "fail", "Rejected"),
    "withdrawn": Status("i-stop", "", "Withdrawn"),
    "expired": Status("i-stop", "", "Expired"),
    "superseded": Status("i-stop", "", "Superseded"),
}

REVIEWS = {
    "approve": Status("i-pass", "pass", "Approved"),
    "request_changes": Status("i-back", "warn", "Changes requested"),
    "reject": Status("i-fail", "fail", "Rejected"),
    "fallen": Status("i-rerun", "warn", "No longer counts"),
}

VERDICTS = {
    "better": Status("i-up", "pass", "Better", strong=True),
    "same": Status("i-same", "", "No measurable difference"),
    "worse": Status("i-down", "fail", "Worse", strong=True),
    "too_small": Status("i-off", "", "Too few rows to judge"),
    "undefined": Status("i-off", "", "Not defined"),
}

OTHERS = {
    "overdue": Status("i-over", "fail", "Overdue"),
    "rerun": Status("i-rerun", "run", "Run again"),
    "live": Status("i-pass", "pass", "Live"),
    "rolled_back": Status("i-back", "fail", "Rolled back"),
    "accepted": Status("i-yes", "pass", "Accepted"),
    "follow_up": Status("i-back", "warn", "Needs follow-up"),
    "taken_down": Status("i-stop", "fail", "Taken down"),
    "damaged": Status("i-fail", "fail", "Damaged in the store", strong=True),
    "removed": Status("i-stop", "", "Files removed"),
    "deprecated": Status("i-stop", "warn", "Deprecated"),
    "done": Status("i-yes", "pass", "Done"),
    "open": Status("i-wait", "", "Open"),
}

STATUSES: dict[str, Status] = GATES | PROMOTIONS | REVIEWS | VERDICTS | OTHERS

# The order in which counts are read out: the news first would hide how many passed.
GATE_ORDER = tuple(GATES)


def status_named(key: str) -> Status:
    """The look of a status. An unknown one is a mistake in the page, so it raises `LookupError`."""
    try:
        return STATUSES[key]
    except KeyError:
        raise LookupError(f"No look for the status {key!r}. Add it to dashboard/statuses.py.") from None


def gate_counts(outcomes: Iterable[str]) -> list[tuple[str, str]]:
    """Outcomes with their counts in words, `("passed", "11 passed")`, in a fixed order."""
    counts = Counter(outcomes)
    known = [key for key in GATE_ORDER if counts[key]]
    return [(key, f"{counts[key]} {GATES[key].words.lower()}") for key in known]
