"""The version timeline: bars where terms were, one axis for all, the same as a table, and no more queries for more."""

import re
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.utils import timezone

from dashboard.pages.version_timeline import VERSIONS_SHOWN
from dashboard.timeline_drawing import NAMES, RIGHT, Stretch, Track, draw
from registry.models import EndedHow, Model, Stage, StageTerm, Version
from tests import factories
from tests.dashboard.browsing import client_of, page_of, queries_of, section

NOW = timezone.now()


def ago(**length: float) -> Any:
    return NOW - timedelta(**length)


def test_bars_lie_where_their_time_is() -> None:
    stretches = [Stretch(False, ago(days=100), ago(days=60)), Stretch(True, ago(days=60), None)]
    drawing = draw([Track("1.0.0", ago(days=100), stretches, "live 60 days")], now=NOW)
    per_day = (RIGHT - NAMES - 4) / 100
    staging, live = drawing.bars
    assert (staging.x, staging.width) == pytest.approx((NAMES + 4, 40 * per_day), abs=0.2)
    assert (live.x, live.width) == pytest.approx((RIGHT - 60 * per_day, 60 * per_day), abs=0.2)
    assert (staging.in_production, live.in_production) == (False, True)


def test_a_short_term_is_still_seen_and_its_note_stands_behind_it() -> None:
    long = Track("1.0.0", ago(days=400), [Stretch(True, ago(days=400), None)], "live 400 days")
    short = Track("2.0.0", ago(days=300), [Stretch(True, ago(days=300), ago(days=299.9))], "rolled back after 2 h")
    drawing = draw([long, short], now=NOW)
    bar = drawing.bars[1]
    assert bar.width == 2
    (note,) = [text for text in drawing.texts if text.words == "rolled back after 2 h"]
    assert bar.x < note.x < bar.x + 20
    assert not [text for text in drawing.texts if text.words == "live 400 days"]  # no room, and the table says it


def test_rows_do_not_overlap_and_every_text_has_room() -> None:
    tracks = [Track("n" * 90, ago(days=at + 1), [Stretch(True, ago(days=at + 1), None)], "live") for at in range(12)]
    drawing = draw(tracks, now=NOW)
    assert all(one.y + 20 < other.y for one, other in pairwise(drawing.bars))
    names = [text for text in drawing.texts if text.classes.startswith("name")]
    assert len(names) == 24  # on the left, and on the right for narrow screens
    assert all(len(text.words) <= 16 for text in names)
    assert drawing.height > drawing.bars[-1].y + 20


@pytest.fixture
def model(db: None) -> Model:
    factories.personas()
    return factories.model_named("loan")


def moved(model: Model, number: int, *terms: tuple[Stage, float, float | None], how: str = "replaced") -> Version:
    """A version with these terms: stage, days since it began, days since it ended (None: it lasts)."""
    version = Version.objects.create(
        model=model,
        number=number,
        features=[],
        task="regression",
        registered_by=factories.persona("dana"),
        finalised_at=ago(days=999),
        artifact_digest="d" * 64,
        created_at=ago(days=1000 - number),
        stage=terms[-1][0] if terms and terms[-1][2] is None else Stage.NONE,
    )
    for stage, began, ended in terms:
        at_end = {"ended_at": ago(days=ended), "ended_how": how} if ended is not None else {}
        StageTerm.objects.create(version=version, stage=stage, started_at=ago(days=began), **at_end)
    return version


def timeline(query: str = "") -> str:
    return section(page_of(factories.persona("riley"), f"/models/loan/{query}"), "timeline")


def test_the_page_tells_how_each_version_stands(model: Model) -> None:
    moved(model, 1, (Stage.PRODUCTION, 90, 40))
    moved(model, 2, (Stage.STAGING, 50, 40), (Stage.PRODUCTION, 40, 30), how=EndedHow.ROLLED_BACK)
    moved(model, 3, (Stage.STAGING, 20, None))
    moved(model, 4)
    part = timeline()
    assert "rolled back after 10 days" in part
    assert "in Staging 20 days" in part
    assert "registered " in part
    assert part.count('<rect class="prod"') == 2
    assert part.count('<rect class="stag"') == 2
    assert part.count("<circle") == 1
    rows = re.findall(r"<tr><th scope=\"row\">(.*?)</th><td>(.*?)</td>", part)
    assert rows == [("v3", "Staging"), ("v2", "Staging"), ("v2", "Production"), ("v1", "Production")]


def test_nothing_is_drawn_before_a_version_moved(model: Model) -> None:
    moved(model, 1)
    assert "Version timeline" not in page_of(factories.persona("riley"), "/models/loan/")


def test_of_many_versions_those_that_were_live_and_those_that_moved_last_are_shown(model: Model) -> None:
    moved(model, 1, (Stage.PRODUCTION, 900, 800))
    for number in range(2, 40):
        moved(model, number, (Stage.STAGING, 800 - number, None))
    Model.objects.filter(pk=model.pk).update(versions_registered=39)
    part = timeline()
    shown = re.findall(r'class="name far"[^>]*>v(\d+)<', part)
    assert shown == ["1", *(str(number) for number in range(41 - VERSIONS_SHOWN, 40))]
    assert f"{VERSIONS_SHOWN} of 39 versions" in part


def test_more_versions_and_terms_ask_no_more_queries(model: Model) -> None:
    moved(model, 1, (Stage.STAGING, 60, 50), (Stage.PRODUCTION, 50, None))
    client = client_of(factories.persona("riley"))
    few = queries_of(lambda: client.get("/models/loan/"))
    for number in range(2, 9):
        moved(model, number, (Stage.STAGING, 50, 40), (Stage.PRODUCTION, 40, 30))
    assert queries_of(lambda: client.get("/models/loan/")) <= few + 1  # the history then asks who approved
