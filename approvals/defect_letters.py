"""Letters about reported bugs: one to each owner of a model that one touches, who may own several."""

from collections.abc import Sequence

from django.conf import settings

from accounts.letters import Entry, Letter, write_letters
from accounts.models import User
from approvals.defect_permissions import is_hidden_from
from approvals.defects import Touched, by_owner
from registry.lineage import basis_of_defect
from registry.models import Defect, Stage, Version

#: A letter names so many versions of each kind; the page it leads to has them all.
NAMED = 20
HELD = "Promotions of the versions listed as held can be reviewed, and are not completed until the bug is cleared."
MEASURED = "Those listed as measured on it are not held: their figures are in doubt."


def tell_reported(defect: Defect, touched: Touched) -> None:
    """Which of their versions it holds and which it puts in doubt, what is live first."""
    for owner, own in _of_owners(touched).items():
        lines = [*([HELD] if own.held else []), *([MEASURED] if own.measured else [])]
        title = f"{defect.reported_by.display_name} reports a bug in {_thing(defect, own, owner)}"
        if is_hidden_from(defect, owner):
            title = f"A bug is reported in {_thing(defect, own, owner)}"
        _tell(defect, owner, own, once="reported", title=title, lines=lines, said=defect.reason)


def tell_cleared(defect: Defect, touched: Touched) -> None:
    assert defect.cleared_by is not None
    for owner, own in _of_owners(touched).items():
        title = f"{defect.cleared_by.display_name} cleared the bug in {_thing(defect, own, owner)}"
        lines = ["It holds no promotion any more."] if own.held else ["It puts no figures in doubt any more."]
        _tell(defect, owner, own, once="cleared", title=title, lines=lines, said=defect.cleared_because)


def _of_owners(touched: Touched) -> dict[User, Touched]:
    held, measured = by_owner(touched.held), by_owner(touched.measured)
    return {owner: Touched(held.get(owner, []), measured.get(owner, [])) for owner in {**held, **measured}}


def _thing(defect: Defect, own: Touched, owner: User) -> str:
    """As this owner may know it."""
    if not is_hidden_from(defect, owner):
        return defect.thing
    return "its base version" if len(own.all) == 1 else "their base version"


def _tell(defect: Defect, owner: User, own: Touched, *, once: str, title: str, lines: Sequence[str], said: str) -> None:
    letter = Letter(
        kind="defect",
        subject=f"Bug in {_thing(defect, own, owner)} (report {defect.pk})",
        title=title,
        link=f"{settings.PUBLIC_URL}{_page(defect, own, owner)}",
        button="See what rests on it",
        lines=lines,
        said="" if is_hidden_from(defect, owner) else said,
        lists=[
            (heading, [_entry(version) for version in versions[:NAMED]])
            for heading, versions in (("Held", own.held), ("Measured on it", own.measured))
            if versions
        ],
        urgent=once == "reported" and any(version.stage == Stage.PRODUCTION for version in own.all),
    )
    write_letters([owner], letter, thread=f"defect-{defect.pk}", once=f"defect-{defect.pk}-{once}")


def _entry(version: Version) -> Entry:
    link = f"{settings.PUBLIC_URL}/models/{version.model.name}/versions/{version.number}/lineage/"
    return Entry(str(version), note=version.get_stage_display(), link=link)


def _page(defect: Defect, own: Touched, owner: User) -> str:
    """What rests on it; for owners from whom the base is hidden, where a version of theirs comes from."""
    if is_hidden_from(defect, owner):
        return f"/models/{own.all[0].model.name}/versions/{own.all[0].number}/lineage/"
    basis = basis_of_defect(defect)
    return f"/lineage/impact/?{basis.kind}={basis.text}"
