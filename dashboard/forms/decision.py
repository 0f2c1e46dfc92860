"""What people type on the promotion page. It is kept when an action refuses it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time

from django import forms
from django.http import QueryDict
from django.utils import timezone

from accounts.reasons import Invalid
from audit.periods import YEARS

#: Room for a thorough reason; far below what a request may hold.
MOST_CHARACTERS = 10_000
_ACKNOWLEDGE = "acknowledge-"


@dataclass(frozen=True)
class Typed:
    """A form as it was sent: which one, its words, its ticks. `gate` is the one to run again or to waive, `digest`
    the outcome that was seen, `until` the last day of a waiver."""

    form: str = ""
    verdict: str = ""
    seal: str = ""
    slot: str = ""
    words: str = ""
    gate: str = ""
    digest: str = ""
    until: str = ""
    ticks: tuple[str, ...] = ()
    acknowledgements: Mapping[str, str] = field(default_factory=dict)

    def check(self) -> None:
        """Raises Invalid for a review without a verdict, and for words that can't be kept: too many, or no text."""
        if self.form == "review" and not self.verdict:
            raise Invalid("no_verdict", "Nothing was decided.", "Press Approve, Reject or Request changes.")
        for words in (self.words, self.seal, *self.acknowledgements.values()):
            check_words(words)

    def end_of_waiver(self) -> datetime | None:
        """The end of the last day that was chosen, by the installation's clocks; None for no day. Raises Invalid."""
        if not self.until:
            return None
        try:
            day = date.fromisoformat(self.until)
            if day.year not in YEARS:
                raise ValueError(self.until)
        except ValueError as error:
            text = f"Not recorded. {self.until!r} is no day."
            raise Invalid("bad_day", text, "Write it as YEAR-MONTH-DAY.") from error
        return timezone.make_aware(datetime.combine(day, time.max))


_WORDS = forms.CharField(required=False, max_length=MOST_CHARACTERS)


def check_words(words: str) -> str:
    """The words as they are; raises Invalid for those that can't be kept: too many, or no text."""
    try:
        _WORDS.clean(words)
    except forms.ValidationError as error:
        raise Invalid("bad_words", f"Not recorded. {' '.join(error.messages)}") from error
    return words


def typed(form: str, sent: QueryDict, *, gate: str = "") -> Typed:
    """Reads any of the page's forms; empty acknowledgements count as not given."""
    names = [name for name in sent if name.startswith(_ACKNOWLEDGE)]
    given = {name.removeprefix(_ACKNOWLEDGE): str(sent.get(name, "")) for name in names}
    return Typed(
        form=form,
        verdict=sent.get("verdict", ""),
        seal=sent.get("seal", ""),
        slot=sent.get("slot", ""),
        words=sent.get("words", ""),
        gate=gate,
        digest=sent.get("digest", ""),
        until=sent.get("until", ""),
        ticks=tuple(sent.getlist("tick")),
        acknowledgements={key: words for key, words in given.items() if words.strip()},
    )
