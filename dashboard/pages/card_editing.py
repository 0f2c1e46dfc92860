"""The page on which a card is written: the words, how they would be shown, and whose words they would replace."""

from dataclasses import dataclass
from functools import cached_property

from accounts.reasons import Reason, Refusal
from approvals.card_templates import wanted_sections
from dashboard.pages.card import ShownCard, previewed_card
from dashboard.pages.card_difference import Difference, difference_between
from evidence.queries import newest_evaluations
from registry.card_sections import WantedSection, with_sections
from registry.cards import accepted_card
from registry.models import CardRevision, Version
from registry.queries import newest_card


@dataclass(frozen=True)
class Editor:
    """`text` are the words in the form, written on the revision with the digest `seen`; `replaced` what an import took
    out of the form. `whole` previews all of a long card. `reason` says why nothing was saved, `theirs` is what somebody
    else saved meanwhile."""

    version: Version
    text: str
    seen: str
    previews: bool = False
    whole: bool = False
    replaced: str = ""
    reason: Reason | None = None
    theirs: CardRevision | None = None

    @cached_property
    def preview(self) -> ShownCard | None:
        return previewed_card(self.text, self.version, whole=self.whole) if self.previews else None

    @cached_property
    def why_not_saved(self) -> Reason | None:
        """Why these words would be refused as they stand."""
        try:
            accepted_card(self.text)
        except Refusal as refusal:
            return refusal.reason
        return None

    @cached_property
    def wanted(self) -> list[WantedSection]:
        return wanted_sections(self.version.model)

    @cached_property
    def from_theirs(self) -> Difference | None:
        """What saving these words would do to theirs."""
        return difference_between(self.theirs.text, self.text) if self.theirs else None

    @cached_property
    def placeholders(self) -> list[str]:
        """One for each dataset that there is evidence on, ready to be copied."""
        metric = self.version.model.primary_metric
        found = []
        for evaluation in newest_evaluations(self.version):
            keys = [value.metric for value in evaluation.values.all()]
            found += (
                [f"{{{{ metric {metric if metric in keys else keys[0]} on {evaluation.dataset} }}}}"] if keys else []
            )
        return found


def fresh_editor(version: Version) -> Editor:
    """The newest words to go on from, else the sections that policies want."""
    newest = newest_card(version)
    if newest is not None:
        return Editor(version, newest.text, newest.digest)
    return Editor(version, with_sections("", wanted_sections(version.model)), "")
