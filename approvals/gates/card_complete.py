from dataclasses import dataclass, field

from approvals.gates.base import Gate, Judged, Parameters, Side, meaning
from approvals.models.gates import Outcome
from registry.cards import read_card
from registry.queries import newest_card

SECTIONS = ["Intended use", "Training data", "Evaluation", "Limitations"]


@dataclass(frozen=True)
class CardParameters(Parameters):
    sections: list[str] = field(
        default_factory=lambda: list(SECTIONS), metadata=meaning("headings the card must have, each with text under it")
    )


class CardComplete(Gate):
    kind = "card_complete"
    title = "Model card complete"
    help = "Does the model card have its sections, with text in them?"
    parameters_class = CardParameters
    rests_on = frozenset({"card"})

    def check(self, candidate: Side, baseline: Side | None, parameters: CardParameters) -> Judged:
        revision = newest_card(candidate.version)
        if revision is None:
            return Judged(Outcome.FAILED, "There is no model card. Hand one in: PUT …/card, or `assaydesk card`.")
        missing = read_card(revision.text).missing_sections(parameters.sections)
        there = len(parameters.sections) - len(missing)
        summary = f"{there} of {len(parameters.sections)} sections"
        if missing:
            summary += f"; missing or empty: {', '.join(missing)}"
        outcome = Outcome.FAILED if missing else Outcome.PASSED
        return Judged(outcome, summary, {"revision": revision.number, "missing": missing}, evidence=(revision.digest,))
