"""Who may do what with a version or the record, beyond the rights that fetching it asks for."""

from accounts.models import User
from accounts.reasons import PersonalReason, Reason
from accounts.roles import AUDIT
from registry.card_sections import Section
from registry.card_writers import SectionHistory, since_review, up_to, written_for
from registry.models import CardRevision, Version
from registry.queries import files_gone, models_on_record_for


def why_files_are_gone(version: Version) -> Reason | None:
    """Why nobody can fetch or promote the version: its bytes were given up. None while they are kept."""
    moment = files_gone(version)
    if moment is None:
        return None
    text = f"The files of {version} were removed on {moment:%Y-%m-%d}; it was never in Production."
    return Reason("files_removed", text, "Register it again, as a new version.")


def why_not_complete(version: Version, user: User) -> Reason | None:
    """Why this person can't add files or predictions: who brings a version's substance can't decide on it later,
    so it is brought by those whom every promotion of the version bars."""
    if user.pk in {version.registered_by_id, version.on_behalf_of_id}:
        return None
    return PersonalReason(
        "not_registrant",
        f"{version} was registered by {version.registered_by}; nobody else adds files or predictions to it.",
        "Register a version of your own.",
    )


def why_not_own_card(revision: CardRevision, user: User) -> Reason | None:
    """Why this person can't be the card's reviewer: since it was last reviewed they wrote in it, or a program did that
    acts for them. That somebody else saved it last makes their words no other's."""
    wrote = written_for(since_review(revision), user).first()
    if wrote is None:
        return None
    which = "this revision" if wrote.pk == revision.pk else f"revision {wrote.number}"
    since = "" if wrote.pk == revision.pk else ", and nobody reviewed the card since"
    return _own(wrote, f"{which} of the card", user, since)


class OwnSections:
    """Which sections of a revision this person can't mark as read: those they wrote, or a program that acts for them.
    One query where they wrote nothing, else three."""

    def __init__(self, revision: CardRevision, user: User) -> None:
        self._user = user
        self._theirs = set(written_for(up_to(revision), user).values_list("pk", flat=True))
        self._history = SectionHistory(revision) if self._theirs else None

    def why_not(self, section: Section) -> Reason | None:
        writings = self._history.writings_of(section) if self._history else []
        wrote = next((each for each in writings if each.pk in self._theirs), None)
        return _own(wrote, f"this section in revision {wrote.number} of the card", self._user) if wrote else None


def _own(wrote: CardRevision, what: str, user: User, since: str = "") -> Reason:
    writer = wrote.written_by
    text = f"You wrote {what}" if writer.pk == user.pk else f"{writer.display_name} wrote {what} for your version"
    return Reason("own_card", f"{text}{since}.", "Somebody else must review it.")


def why_not_export(reader: User, model: str = "") -> Reason | None:
    """Why this person can't take the record away as a file: that of one model by its name, or of any at all."""
    audited = models_on_record_for(reader, AUDIT)
    if audited is None or (model in audited if model else audited):
        return None
    of_what = f"of {model}" if model else "as a file"
    return PersonalReason(
        "not_permitted",
        f"Taking away the record {of_what} is for its auditors.",
        "An administrator can make you auditor of one model or of all.",
    )
