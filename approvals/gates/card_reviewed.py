from approvals.gates.base import Gate, Judged, Side
from approvals.models.gates import Outcome
from registry.queries import newest_card


class CardReviewed(Gate):
    kind = "card_reviewed"
    title = "Model card reviewed"
    help = "Did somebody review the newest revision of the model card who wrote nothing in it since its last review?"
    rests_on = frozenset({"card", "card_review"})

    def check(self, candidate: Side, baseline: Side | None, parameters: object) -> Judged:
        revision = newest_card(candidate.version)
        if revision is None:
            return Judged(Outcome.FAILED, "There is no model card. Hand one in: PUT …/card, or `assaydesk card`.")
        details = {"revision": revision.number}
        if revision.reviewed_by is None:
            text = (
                f"Revision {revision.number} by {revision.written_by.display_name} is not reviewed. "
                "A reviewer who didn't write it, or in it since its last review, marks it on the card's page."
            )
            return Judged(Outcome.FAILED, text, details, evidence=(revision.digest,))
        text = f"Revision {revision.number}, reviewed by {revision.reviewed_by.display_name}"
        return Judged(Outcome.PASSED, text, details, evidence=(revision.digest,))
