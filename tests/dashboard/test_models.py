"""The catalogue of models."""

import re
from typing import Any

import pytest

from accounts.actions import grant_role
from dashboard.pages.models import PAGE_SIZE
from registry.models import Model
from tests import factories
from tests.dashboard.browsing import client_of, page_of, queries_of

pytestmark = pytest.mark.django_db


def names_on(page: str) -> list[str]:
    return re.findall(r'class="row-link" href="/models/([^/]+)/"', page)


@pytest.fixture
def people() -> Any:
    return factories.personas()


def test_models_are_listed_by_name_whatever_the_capitals(people: Any) -> None:
    for name in ("beta", "Alpha", "gamma", "Delta"):
        factories.model_named(name)
    assert names_on(page_of(people.omar, "/models/")) == ["Alpha", "beta", "Delta", "gamma"]


def test_only_models_that_a_person_may_see_are_listed(people: Any) -> None:
    shown = factories.model_named("shown")
    factories.model_named("hidden")
    viewer = factories.person("Vera Low")
    grant_role("viewer", to=viewer, actor=None, model=shown)
    page = page_of(viewer, "/models/")
    assert names_on(page) == ["shown"]
    assert "hidden</a>" not in page


def test_a_row_says_what_is_live_and_what_is_open(people: Any) -> None:
    live = factories.live_version(factories.model_named("loan"))
    type(live).objects.filter(pk=live.pk).update(label="2.0.1")
    factories.promotion_in("in_review", model=live.model)
    page = page_of(people.omar, "/models/")
    assert re.search(r'data-label="Live"><span class="ver">2\.0\.1</span>\s*<small>since', page)
    assert re.search(r'data-label="Staging"><span class="ver">v2</span>\s', page)
    assert re.search(r'data-label="Open promotions">1<', page)


@pytest.mark.parametrize("words", ["credit", "REPAID", "rc-77"])
def test_a_search_finds_names_uses_and_version_labels(people: Any, words: str) -> None:
    model = factories.model_named("credit-approval")
    Model.objects.filter(pk=model.pk).update(use_case="The chance that a loan is repaid")
    factories.version_of(model, final=False, label="2.0-rc-77")
    factories.model_named("other")
    assert names_on(page_of(people.omar, f"/models/?q={words}")) == ["credit-approval"]


def test_a_search_without_result_offers_the_way_back(people: Any) -> None:
    factories.model_named("loan")
    page = page_of(people.omar, "/models/?q=nothing-like-it")
    assert "No model fits" in page
    assert 'href="/models/"' in page


def test_searched_words_come_back_harmless(people: Any) -> None:
    assert "<script>x" not in page_of(people.omar, "/models/?q=<script>x")


def test_an_empty_catalogue_says_how_the_first_model_is_registered(people: Any) -> None:
    assert "assaydesk register NAME --create" in page_of(people.dana, "/models/")


def test_pages_follow_each_other_without_gap_or_double(people: Any) -> None:
    wanted = sorted(f"model-{number:03}" for number in range(PAGE_SIZE + 3))
    for name in wanted:
        factories.model_named(name)
    first = page_of(people.omar, "/models/")
    link = re.search(r'href="(\?q=&amp;after=[^"]+)">Next models', first)
    assert link is not None
    second = page_of(people.omar, "/models/" + link[1].replace("&amp;", "&"))
    assert names_on(first) + names_on(second) == wanted
    assert "Next models" not in second


def test_the_number_of_queries_does_not_grow_with_the_models(people: Any) -> None:
    client = client_of(people.omar)
    for number in range(2):
        factories.live_version(factories.model_named(f"early-{number}"))
    few = queries_of(lambda: client.get("/models/"))
    for number in range(2):
        factories.live_version(factories.model_named(f"late-{number}"))
    for number in range(4):
        factories.promotion_in("in_review", model=factories.model_named(f"open-{number}"))
    assert queries_of(lambda: client.get("/models/")) == few
