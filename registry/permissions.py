"""Who may do what with a version or the record, beyond the rights that fetching it asks for."""

from accounts.models import User
from accounts.reasons import PersonalReason, Reason
from accounts.roles import AUDIT
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
    """Why this person can't be the card's reviewer: they wrote it, or a program did that acts for them."""
    version, writer = revision.version, revision.written_by
    if writer.pk == user.pk:
        return Reason("own_card", "You wrote this revision of the card.", "Somebody else must review it.")
    if writer.is_service and user.pk in {version.registered_by_id, version.on_behalf_of_id}:
        text = f"{writer.display_name} wrote this revision of the card for your version."
        return Reason("own_card", text, "Somebody else must review it.")
    return None


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
