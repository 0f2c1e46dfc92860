"""Whether a promotion moved since a page of it was drawn, in words for the reader who still has it open."""

from approvals.models import Promotion, Seal
from approvals.policies import Document
from approvals.seals import moved_parts, title_of
from approvals.standing import document_of
from dashboard.statuses import status_named

_EVERYTHING = ("artifact", "card", "evidence", "gates", "policy", "baseline")
_STATE_WORDS = {
    "checking": "its gates are running again",
    "blocked": "a gate failed",
    "in_review": "its gates are through, and it awaits review",
}


def has_moved(promotion: Promotion, *, state: str, seal: str) -> bool:
    """Compared with the state and the seal that the page was drawn with."""
    return (promotion.state, promotion.seal) != (state, seal)


def what_moved(promotion: Promotion, *, state: str, seal: str) -> str:
    """What happened since: the new state if it is another, else the parts that changed."""
    if promotion.state != state:
        look = status_named(promotion.state)
        return _STATE_WORDS.get(promotion.state, f"it is {look.words.lower()} now")
    parts = _parts_changed(promotion, document_of(promotion), seal)
    return f"{', '.join(parts) or 'something it rests on'} changed"


def _parts_changed(promotion: Promotion, document: Document, seen: str) -> list[str]:
    seals = {seal.digest: seal for seal in Seal.objects.filter(promotion=promotion, digest__in=(seen, promotion.seal))}
    if seen not in seals or promotion.seal not in seals:
        return []
    titles = {rule.key: rule.shown_title for rule in document.gates}
    moved = moved_parts(seals[seen].parts, seals[promotion.seal].parts, _EVERYTHING)
    return [title_of(part, titles) for part in moved]
