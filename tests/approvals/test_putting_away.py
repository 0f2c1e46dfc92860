"""Versions that are put away: archived, or marked as not to be promoted nor gone back to again."""

import pytest

from accounts.reasons import Conflict
from approvals.actions import archive_version, deprecate_version, open_promotion, publish_policy
from audit.models import AuditEvent
from registry.models import Model, Stage, Version
from tests import factories
from tests.approvals.operating import back, in_review_beside, live, put_live, refused
from tests.approvals.test_lifecycle import check_stages, stages
from tests.factories import persona

pytestmark = pytest.mark.django_db


def test_an_archived_version_leaves_staging_and_its_promotion_is_superseded_with_the_cause(loan: Model) -> None:
    promotion = in_review_beside(loan)
    archive_version(promotion.version, actor=persona("omar"), reason="Abandoned.")
    promotion.refresh_from_db()
    assert (promotion.state, stages(loan)) == ("superseded", {1: "Archived"})
    assert promotion.closed_because == "loan v1 is Archived now, by Omar Haddad."
    assert AuditEvent.objects.get(verb="version.archived").reason == "Abandoned."
    check_stages(loan)


def test_a_registered_version_can_be_archived(loan: Model) -> None:
    publish_policy("Staging", {"opens": "by_hand"}, actor=None, target_stage=Stage.STAGING)
    version = factories.version_of(loan)
    archive_version(version, actor=persona("omar"), reason="Abandoned.")
    assert stages(loan) == {1: "Archived"}
    check_stages(loan)


def test_what_can_not_be_archived_is_refused_by_name(loan: Model, three: list[Version]) -> None:
    open_version = factories.version_of(loan, final=False)
    for version, code in ((three[2], "live"), (three[1], "already_there"), (open_version, "version_open")):
        refusal = refused(lambda version=version: archive_version(version, actor=persona("omar"), reason="Old."))
        assert (type(refusal), refusal.reason.code) == (Conflict, code)


def test_a_deprecated_version_stays_where_it_is_and_its_promotions_are_superseded(loan: Model) -> None:
    promotion = in_review_beside(loan)
    other = in_review_beside(loan)
    deprecate_version(promotion.version, actor=persona("omar"), reason="Unfair.")
    promotion.refresh_from_db()
    other.refresh_from_db()
    assert (promotion.state, other.state) == ("superseded", "in_review")
    assert promotion.closed_because == "loan v1 was deprecated by Omar Haddad: Unfair."
    assert stages(loan) == {1: "Staging", 2: "Staging"}
    with pytest.raises(Conflict, match="deprecated"):
        open_promotion(promotion.version, to_stage=Stage.PRODUCTION, actor=persona("dana"))


def test_an_approved_promotion_does_not_outlive_its_version_s_deprecation(loan: Model) -> None:
    promotion = factories.promotion_in("approved")
    deprecate_version(promotion.version, actor=persona("omar"), reason="Unfair.")
    promotion.refresh_from_db()
    assert (promotion.state, promotion.look_again_at) == ("superseded", None)


def test_what_is_live_can_be_deprecated_and_stays_live_but_is_never_gone_back_to(
    loan: Model, three: list[Version]
) -> None:
    deprecate_version(three[2], actor=persona("omar"), reason="Unfair.")
    assert live(loan) == [3]
    again = refused(lambda: deprecate_version(three[2], actor=persona("omar"), reason="Unfair."))
    assert again.reason.code == "deprecated"
    put_live(loan)
    assert back(loan) == three[1]
