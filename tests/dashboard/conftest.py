from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client


@pytest.fixture
def component_pages(settings: Any) -> None:
    """The page of all components and the frame's addresses, before and beside the real pages."""
    settings.ROOT_URLCONF = "tests.dashboard.pages_for_components"
    folder = Path(__file__).parent / "templates"
    engine = settings.TEMPLATES[0]
    settings.TEMPLATES = [{**engine, "DIRS": [*engine["DIRS"], folder]}]


@pytest.fixture
def dana(db: None) -> Any:
    return get_user_model().objects.create_user("dana", first_name="Dana", last_name="Ortiz")


@pytest.fixture
def signed_in(dana: Any, component_pages: None) -> Client:
    client = Client()
    client.force_login(dana, backend="django.contrib.auth.backends.ModelBackend")
    return client
