"""A model's page: stages, people, history, versions."""

import re
from typing import Any

import pytest

from accounts.actions import grant_role
from registry.models import Stage
from tests import factories
from tests.dashboard.browsing import client_of, page_of, queries_of, section, without_what_was_sent

pytestmark = pytest.mark.django_db


@pytest.fixture
def people() -> Any:
    return factories.personas()


def lane(page: str, stage: str) -> str:
    """One stage's lane, by the words beside its symbol."""
    lanes = section(page, "stages").split('<span class="stage">')
    return next(each for each in lanes if f"</svg>{stage}</span>" in each)


def test_an_outsider_can_not_tell_a_hidden_model_from_none(people: Any) -> None:
    factories.model_named("loan")
    hidden, absent = (page_of(people.admin, f"/models/{name}/", 404) for name in ("loan", "no-such"))
    assert without_what_was_sent(hidden, "/models/loan/") == without_what_was_sent(absent, "/models/no-such/")


def test_a_model_is_found_whatever_the_capitals(people: Any) -> None:
    factories.model_named("loan")
    assert "<h1>loan</h1>" in page_of(people.dana, "/models/LOAN/")


def test_each_version_stands_in_the_lane_of_its_stage(people: Any) -> None:
    live = factories.live_version()
    factories.promotion_in("in_review", model=live.model)
    factories.version_of(live.model, final=False)
    page = page_of(people.riley, "/models/loan/")
    assert ">v1</a>" in lane(page, "Production")
    assert "100%" in lane(page, "Production")
    assert ">v2</a>" in lane(page, "Staging")
    assert "0 of 2 approvals" in lane(page, "Staging")
    assert ">v3</a>" in lane(page, "Registered")
    assert "not finalised yet" in lane(page, "Registered")


def test_a_lane_begins_with_what_somebody_wants_to_move(people: Any) -> None:
    live = factories.live_version()
    asked = factories.promotion_in("in_review", model=live.model)
    for _ in range(4):
        factories.version_of(live.model)
    live.model.versions.filter(stage=Stage.NONE).update(stage=Stage.STAGING)
    staging = lane(page_of(people.riley, "/models/loan/"), "Staging")
    assert re.findall(r">v(\d)</a>", staging) == ["2", "6", "5"]
    assert f"Promotion {asked.pk}: Production" in staging
    assert "2 more" in staging


def test_a_lane_tells_how_the_last_promotion_ended_when_it_moved_nothing(people: Any) -> None:
    live = factories.live_version()
    rejected = factories.promotion_in("rejected", model=live.model)
    page = page_of(people.riley, "/models/loan/")
    link = f'<a href="/promotions/{rejected.pk}/">promotion {rejected.pk} rejected</a>'
    assert link in lane(page, "Staging")
    assert lane(page, "Staging").count("; <a") == 1


def test_what_one_compares_first_is_a_link_away(people: Any) -> None:
    live = factories.live_version()
    assert "compare/?versions" not in section(page_of(people.riley, "/models/loan/"), "stages")
    factories.promotion_in("in_review", model=live.model)
    stages = section(page_of(people.riley, "/models/loan/"), "stages")
    assert '<a class="more" href="/models/loan/compare/?versions=1,2">Compare live and Staging</a>' in stages
    factories.version_of(live.model)
    factories.version_of(live.model, final=False)
    stages = section(page_of(people.riley, "/models/loan/"), "stages")
    assert 'compare/?versions=1,2,3">Compare live, Staging and newest</a>' in stages


def test_the_hallmark_is_that_of_the_live_version(people: Any) -> None:
    factories.live_version()
    page = page_of(people.riley, "/models/loan/")
    assert 'aria-label="Hallmark: 6 of 6 marks struck"' in page
    assert "Hallmark of v1, live now" in page


def test_a_model_with_nothing_live_shows_no_hallmark(people: Any) -> None:
    factories.model_named("loan")
    page = page_of(people.riley, "/models/loan/")
    assert "Hallmark" not in page
    assert "Nothing is live" in page


def test_promoting_is_offered_to_contributors_only(people: Any) -> None:
    factories.policies()
    factories.version_of(factories.model_named())
    assert "#promote" in page_of(people.dana, "/models/loan/")
    assert "#promote" not in page_of(people.omar, "/models/loan/")


def test_people_are_named_by_what_they_can_do(people: Any) -> None:
    model = factories.model_named()
    pat = factories.person("Pat Lee")
    grant_role("operator", to=pat, actor=None, model=model)
    shown = page_of(people.riley, "/models/loan/")
    assert re.search(r"You, Sam Okafor<small>Reviewers</small>", shown)
    assert re.search(r"Omar Haddad, Pat Lee<small>Operators</small>", shown)


def test_the_history_says_who_approved_and_how_it_ended(people: Any) -> None:
    first = factories.live_version()
    factories.live_version(first.model)
    rows = section(page_of(people.ana, "/models/loan/"), "history").split("<tr")[2:]
    assert len(rows) == 2
    assert ">v2</a>" in rows[0]
    assert "Live" in rows[0]
    assert ">v1</a>" in rows[1]
    assert "Riley Chen, Sam Okafor" in rows[1]
    assert "Replaced by v2" in rows[1]


def test_a_version_row_shows_the_primary_metric_with_where_it_comes_from(people: Any) -> None:
    factories.policies()
    version = factories.version_of(factories.model_named())
    evaluation = factories.evidence_of(version, provenance="scored")
    value = evaluation.values.get(metric="auc", column="").value
    versions = section(page_of(people.ana, "/models/loan/"), "versions")
    assert f"{value:.3f}" in versions
    assert 'aria-label="scored here"' in versions
    assert "loan-holdout@1" in versions


def test_a_mangled_key_shows_the_first_page(people: Any) -> None:
    factories.live_version()
    page = page_of(people.ana, "/models/loan/?terms_before=99999999999999999999")
    assert section(page, "history") == section(page_of(people.ana, "/models/loan/"), "history")
    assert "v1" in section(page, "history")


def test_the_number_of_queries_does_not_grow_with_versions_and_promotions(people: Any) -> None:
    clients = [client_of(people.riley), client_of(people.omar)]

    def queries() -> list[int]:
        return [queries_of(lambda client=client: client.get("/models/loan/")) for client in clients]

    model = factories.live_version().model
    factories.live_version(model)
    for _ in range(2):
        factories.promotion_in("in_review", model=model)
    few = queries()
    for _ in range(2):
        factories.live_version(model)
    for _ in range(4):
        factories.promotion_in("in_review", model=model)
    for number in range(4):
        grant_role("reviewer", to=factories.person(f"Reviewer {number}"), actor=None, model=model)
    assert queries() == few
