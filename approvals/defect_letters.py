"""Letters about bugs in what versions are built on: one to each owner of a model concerned, who may own several."""

from collections.abc import Iterable, Sequence

from django.conf import settings

from accounts.letters import Entry, Letter, write_letters
from accounts.models import User
from approvals.defects import by_owner, thing_beside
from registry.lineage import basis_of_defect
from registry.models import Defect, Stage, Version

#: A letter names so many versions; the page it leads to has them all.
NAMED = 20


def tell_reported(defect: Defect, versions: Iterable[Version]) -> None:
    """Which of their versions are marked, what is live first, and what that holds back."""
    for owner, own in by_owner(versions).items():
        who = defect.reported_by.display_name
        _tell(
            defect,
            owner,
            own,
            once="reported",
            title=f"{who} reports a bug in {_thing(defect, own)}",
            lines=["Promotions of these versions can be reviewed, and are held back until the bug is cleared."],
            said=defect.reason,
        )


def tell_cleared(defect: Defect, versions: Iterable[Version]) -> None:
    assert defect.cleared_by is not None
    who = defect.cleared_by.display_name
    for owner, own in by_owner(versions).items():
        _tell(
            defect,
            owner,
            own,
            once="cleared",
            title=f"{who} cleared the bug in {_thing(defect, own)}",
            lines=["It holds nothing back any more."],
            said=defect.cleared_because,
        )


def _thing(defect: Defect, versions: Sequence[Version]) -> str:
    things = {thing_beside(defect, version.model) for version in versions}
    return things.pop() if len(things) == 1 else "their base version"


def _tell(
    defect: Defect,
    owner: User,
    versions: Sequence[Version],
    *,
    once: str,
    title: str,
    lines: Sequence[str],
    said: str,
) -> None:
    letter = Letter(
        kind="defect",
        subject=f"Bug in {_thing(defect, versions)} (report {defect.pk})",
        title=title,
        link=f"{settings.PUBLIC_URL}{_page(defect, versions)}",
        button="See what rests on it",
        lines=lines,
        said=said,
        lists=[("Your versions", [_entry(version) for version in versions[:NAMED]])],
        urgent=once == "reported" and any(version.stage == Stage.PRODUCTION for version in versions),
    )
    write_letters([owner], letter, thread=f"defect-{defect.pk}", once=f"defect-{defect.pk}-{once}")


def _entry(version: Version) -> Entry:
    link = f"{settings.PUBLIC_URL}/models/{version.model.name}/versions/{version.number}/lineage/"
    return Entry(str(version), note=version.get_stage_display(), link=link)


def _page(defect: Defect, versions: Sequence[Version]) -> str:
    """What rests on it; for owners of models that merely derive from a hidden base, where theirs comes from."""
    if defect.base is not None and all(version.model_id != defect.base.model_id for version in versions):
        return f"/models/{versions[0].model.name}/versions/{versions[0].number}/lineage/"
    basis = basis_of_defect(defect)
    return f"/lineage/impact/?{basis.kind}={basis.text}"
