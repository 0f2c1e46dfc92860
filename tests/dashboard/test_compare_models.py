"""The way into comparing: models, each leading to its versions."""

import re

import pytest

from tests import factories
from tests.dashboard.browsing import client_of, page_of, queries_of

pytestmark = pytest.mark.django_db


def test_the_newest_in_staging_is_set_against_what_is_live() -> None:
    live = factories.live_version()
    waiting = factories.promotion_in("in_review", model=live.model).version
    page = page_of(factories.persona("riley"), "/compare/")
    address = f"/models/loan/compare/?versions={live.number},{waiting.number}"
    assert f'href="{address}"' in page
    assert "Compare" in page_of(factories.persona("riley"), address)


def test_a_model_of_one_version_has_nothing_to_compare_with() -> None:
    factories.personas()
    factories.version_of(factories.model_named())
    page = page_of(factories.persona("riley"), "/compare/")
    assert "nothing to compare with" in page
    assert 'href="/models/loan/compare/' not in page


def test_two_versions_without_a_live_one_are_chosen_by_hand() -> None:
    factories.personas()
    model = factories.model_named()
    factories.version_of(model)
    factories.version_of(model)
    page = page_of(factories.persona("riley"), "/compare/")
    assert 'href="/models/loan/compare/"' in page
    assert "?versions=" not in page


def test_hidden_models_are_not_listed() -> None:
    factories.personas()
    factories.model_named("loan")
    page = page_of(factories.person("Olga Out"), "/compare/")
    assert "loan" not in re.sub(r"<title>.*?</title>", "", page)
    assert "There is no model here that you can see" in page


def test_the_navigation_leads_there_and_marks_a_models_comparison_too() -> None:
    factories.personas()
    factories.model_named("loan")
    for address in ("/compare/", "/models/loan/compare/"):
        assert '<a href="/compare/" aria-current="page">Compare' in page_of(factories.persona("riley"), address)


def test_more_models_ask_no_more_queries() -> None:
    factories.personas()
    factories.version_of(factories.model_named("loan"))
    client = client_of(factories.persona("riley"))
    few = queries_of(lambda: client.get("/compare/"))
    for at in range(5):
        factories.version_of(factories.model_named(f"model-{at}"))
    assert queries_of(lambda: client.get("/compare/")) == few
