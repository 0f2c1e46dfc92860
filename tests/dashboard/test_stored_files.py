"""What the pages say of stored files: damaged ones where anybody looks, removed ones without a button."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from approvals.actions.retention import remove_artifacts
from registry.actions import finalise_version
from registry.models import IntegrityCheck
from tests import factories
from tests.dashboard.browsing import client_of, page_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def version():
    factories.personas()
    return factories.version_of(factories.model_named())


def found(version, *damaged):
    IntegrityCheck.objects.filter(version=version).update(
        checked_at=timezone.now(), since=timezone.now(), intact=not damaged, damaged=list(damaged)
    )


def text_of(address: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", "", page_of(factories.persona("ana"), address)).split())


def version_page(version) -> str:
    return text_of(f"/models/loan/versions/{version.number}/")


def has_button(version) -> bool:
    page = page_of(factories.persona("ana"), f"/models/loan/versions/{version.number}/")
    return f'href="/models/loan/versions/{version.number}/artifacts/model.onnx"' in page


def model_page() -> str:
    return text_of("/models/loan/")


def test_before_the_first_reading_nothing_is_claimed(version):
    assert "as registered" not in version_page(version)
    assert "Damaged" not in version_page(version) + model_page()


def test_what_was_read_and_found_good_says_when(version):
    found(version)
    assert "Read again" in version_page(version)
    assert has_button(version)
    assert "Damaged" not in version_page(version) + model_page()


def test_damage_stands_on_the_version_s_page_and_on_the_model_s(version):
    found(version, "model.onnx")
    page = version_page(version)
    assert "Damaged in the store since" in page
    assert "model.onnx. What lies there is gone, or not what was registered." in page
    assert model_page().count("Damaged in the store") == 2, "above all, and in the table of versions"


def test_damage_of_what_is_live_says_so():
    found(factories.live_version(), "model.onnx")
    assert "(live)" in model_page()


def test_removed_files_are_said_to_be_removed_and_have_no_button(version):
    version = finalise_version(factories.version_of(version.model, final=False), actor=factories.persona("dana"))
    remove_artifacts(before=timezone.now() + timedelta(days=1), actor=None, reason="Old.")
    page = version_page(version)
    assert "Files removed on" in page
    assert not has_button(version)
    assert "Files removed" in model_page()
    answer = client_of(factories.persona("ana")).get(f"/models/loan/versions/{version.number}/artifacts/model.onnx")
    assert answer.status_code == 409
