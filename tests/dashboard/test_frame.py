"""The frame of every page, sign-in, errors and the theme."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.views.defaults import server_error

from accounts.reasons import Forbidden, NotFound
from dashboard.navigation import section_of
from dashboard.views.errors import refusal_page
from tests import factories
from tests.dashboard.browsing import page_of

ROOT = Path(__file__).parents[2]
NAVIGATION = '<nav aria-label="Main">'


NUL = "%00"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "address",
    [
        *("/models/?q=", "/datasets/?q=", "/datasets/?after=", "/exceptions/?model=", "/audit/?actor="),
        *("/models/loan{}/", "/datasets/loan{}/", "/models/loan/versions/1/artifacts/"),
    ],
)
def test_a_nul_in_an_address_is_not_found_whatever_the_database(address: str) -> None:
    address = address.format(NUL) if "{}" in address else address + NUL
    page_of(factories.persona("ana"), address, status=404)


def test_no_template_has_inline_style_or_script() -> None:
    for file in (ROOT / "templates").rglob("*.html"):
        if file.parent.name == "mail":
            continue  # mail programs know no stylesheets
        text = file.read_text()
        assert not re.search(r"\sstyle\s*=|<style|\son\w+\s*=|javascript:", text), file
        assert not re.search(r"<script(?![^>]*\bsrc=)", text), file


def test_the_policy_allows_nothing_inline_and_nothing_evaluated(signed_in: Client) -> None:
    policy = signed_in.get("/models/").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_the_chart_bundle_comes_out_of_the_installed_package() -> None:
    found = finders.find("assaydesk/vendor/plotly.min.js")
    assert isinstance(found, str)
    assert "plotly/package_data" in found


def test_collecting_static_files_includes_the_chart_bundle() -> None:
    finder = finders.get_finder("dashboard.static_finders.PlotlyFinder")
    assert [name for name, storage in finder.list([])] == ["plotly.min.js"]
    assert not finder.find("assaydesk/vendor/other.js")


@pytest.mark.parametrize(
    ("path", "section"),
    [
        ("/", "inbox"),
        ("/promotions/7/", "inbox"),
        ("/models/a/versions/2/", "models"),
        ("/models/compare/", "models"),
        ("/models/a/compare/", "compare_models"),
        ("/compare/", "compare_models"),
        ("/datasets/a/versions/2/", "datasets"),
        ("/audit/", "audit"),
        ("/account/", "account"),
        ("/exceptions/after-reviews/3/", "exceptions"),
        ("/elsewhere/", ""),
    ],
)
def test_a_page_belongs_to_one_section(path: str, section: str) -> None:
    assert section_of(path) == section


def test_the_navigation_marks_where_the_reader_is(signed_in: Client) -> None:
    page = signed_in.get("/models/").content.decode()
    assert re.search(r'<a href="/models/" aria-current="page">Models', page)
    assert page.count('aria-current="page"') == 1


def test_the_search_field_asks_the_list_of_models(signed_in: Client) -> None:
    page = signed_in.get("/").content.decode()
    assert re.search(r'<form class="find" role="search" action="/models/">', page)


def test_signing_out_is_a_post(signed_in: Client) -> None:
    page = signed_in.get("/").content.decode()
    assert '<form method="post" action="/sign-out/">' in page


def test_a_chosen_theme_is_on_the_next_page(signed_in: Client) -> None:
    answer = signed_in.post("/theme/", {"theme": "dark", "next": "/models/"})
    assert answer.headers["Location"] == "/models/"
    assert '<html lang="en" data-theme="dark">' in signed_in.get("/models/").content.decode()


def test_the_systems_theme_forgets_the_choice(signed_in: Client) -> None:
    signed_in.post("/theme/", {"theme": "dark"})
    signed_in.post("/theme/", {"theme": "system"})
    assert '<html lang="en">' in signed_in.get("/models/").content.decode()


def test_a_forged_theme_cookie_stays_out_of_the_page(signed_in: Client) -> None:
    signed_in.cookies["theme"] = "x onload"
    assert '<html lang="en">' in signed_in.get("/models/").content.decode()


@pytest.mark.parametrize("elsewhere", ["https://example.org/", "//example.org/", "javascript:alert(1)", ""])
def test_choosing_a_theme_never_leads_off_the_site(signed_in: Client, elsewhere: str) -> None:
    answer = signed_in.post("/theme/", {"theme": "light", "next": elsewhere})
    assert answer.headers["Location"] == "/"


def test_choosing_a_theme_needs_a_post(signed_in: Client) -> None:
    assert signed_in.get("/theme/").status_code == 405


@pytest.mark.parametrize("name", ["403", "403_csrf", "404", "429", "500"])
def test_error_pages_stand_without_a_request(component_pages: None, name: str) -> None:
    page = render_to_string(f"{name}.html")
    assert "<h1>" in page


def test_a_lost_reader_keeps_the_navigation_and_is_told_where_to_go(dana: Any) -> None:
    page = page_of(dana, "/models/no-such/", 404)
    assert NAVIGATION in page
    assert 'class="btn" href="/models/"' in page
    assert 'class="btn" href="/account/"' in page
    assert NAVIGATION in page_of(dana, "/datasets/", 403)
    assert 'href="/account/">your account page</a>' in page
    for kept in ('<details class="menu">', 'type="search"', "Sign out"):
        assert kept in page
        assert kept in page_of(dana, "/datasets/", 403)
        assert kept not in Client().get("/nowhere/").content.decode()
    assert NAVIGATION not in Client().get("/nowhere/").content.decode()


def test_a_failure_of_ours_keeps_the_navigation_and_asks_the_database_nothing() -> None:
    """No database is there for this test: asking it would raise."""
    answer = server_error(RequestFactory().get("/models/"))
    assert answer.status_code == 500
    assert NAVIGATION in answer.content.decode()


@pytest.mark.usefixtures("component_pages")
def test_a_refusal_says_why_and_who_can() -> None:
    refusal = Forbidden("four_eyes", "You opened this promotion.", "Sam decides next.")
    answer = refusal_page(RequestFactory().get("/"), refusal)
    assert answer.status_code == 403
    assert "You opened this promotion." in answer.content.decode()
    assert "Sam decides next." in answer.content.decode()
    assert 'href="/account/">What you may do</a>' in answer.content.decode()


@pytest.mark.usefixtures("component_pages")
def test_what_is_hidden_looks_exactly_like_what_is_not_there() -> None:
    hidden = refusal_page(RequestFactory().get("/"), NotFound("no_model", "No model secret-scores.", "Ask Dana."))
    assert hidden.status_code == 404
    assert "secret-scores" not in hidden.content.decode()
    assert hidden.content.decode() == render_to_string("404.html")


def test_a_wrong_password_is_told_without_saying_what_was_wrong(component_pages: None, dana: Any) -> None:
    answer = Client().post("/sign-in/", {"username": "dana", "password": "wrong"})
    page = answer.content.decode()
    assert 'role="alert"' in page
    assert "User name and password don" in page
