"""Components as the reader meets them: words beside every icon, no inline style, names escaped."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
import time_machine
from django.template import Context, Template

from dashboard.hallmarks import hallmark, hallmark_words
from dashboard.statuses import GATES, PROMOTIONS, STATUSES, VERDICTS, gate_counts, status_named
from dashboard.strips import strip_cells, strip_width
from tests.dashboard.components import MEASURES

NOW = datetime(2026, 11, 19, 15, 40, tzinfo=UTC)


def render(source: str, **context: Any) -> str:
    return Template("{% load desk %}" + source).render(Context(context))


@pytest.mark.parametrize("key", STATUSES)
def test_every_status_shows_an_icon_and_words(key: str) -> None:
    page = render("{% status key %}", key=key)
    assert "<use href=" in page
    assert STATUSES[key].words in page


def test_groups_of_statuses_never_give_one_key_two_looks() -> None:
    assert not set(GATES) & set(PROMOTIONS)
    assert not set(VERDICTS) & (set(GATES) | set(PROMOTIONS))


def test_an_unknown_status_is_an_error_that_names_it() -> None:
    with pytest.raises(LookupError, match="'marvellous'"):
        status_named("marvellous")


def test_the_icons_of_all_statuses_are_in_the_sprite() -> None:
    sprite = render('{% include "includes/sprite.html" %}')
    missing = [look.icon for look in STATUSES.values() if f'id="{look.icon}"' not in sprite]
    assert missing == []


def test_a_name_with_markup_is_shown_as_text() -> None:
    page = render("{% person who note=who %}{% version_tag who %}{% punch who %}", who="<b>x</b> <i>y</i>")
    assert "<b>" not in page
    assert "<i>" not in page


def test_initials_are_of_first_and_last_word() -> None:
    assert ">DO<" in render("{% punch who %}", who="Dana van Ortiz")
    assert ">DA<" in render("{% punch who %}", who="dana")


def test_punches_say_how_many_are_struck_and_by_whom() -> None:
    page = render("{% punches approvers 3 %}", approvers=["Marcus Klein"])
    assert "1 of 3" in page
    assert "Marcus Klein" in page
    assert page.count("punch open") == 2


def test_stage_none_reads_registered() -> None:
    assert "Registered" in render("{% stage none %}", none=None)


def test_gate_counts_are_words_in_a_fixed_order() -> None:
    assert gate_counts(["failed", "passed", "passed"]) == [("passed", "2 passed"), ("failed", "1 failed")]


def test_the_strip_has_one_cell_per_gate_that_do_not_overlap() -> None:
    cells = strip_cells(["passed", "failed", "waived"])
    assert len(cells) == 3
    assert all(a.x + a.width < b.x for a, b in pairwise(cells))
    assert cells[-1].x + cells[-1].width <= strip_width(3)


def test_a_hallmark_counts_the_struck_dies_and_stamps_parts_per_thousand() -> None:
    dies = hallmark(
        maker="Dana Ortiz",
        measure=("AUC", 0.0884),
        executed=False,
        approvals=[("platform", "Marcus Klein"), ("risk", None)],
        struck_on=date(2026, 11, 19),
    )
    assert hallmark_words(dies) == "Hallmark: 4 of 6 marks struck"
    assert dies[1].lines == ("088",)
    assert dies[-1].lines == ("19", "XI")


def test_unearned_dies_are_named_as_such() -> None:
    dies = hallmark(maker="Dana", measure=("AUC", None), executed=False, approvals=[], struck_on=None)
    assert render("{% hallmark dies %}", dies=dies).count("not struck yet") == 3


def test_a_difference_shows_its_interval() -> None:
    page = render("{% difference row %}", row=MEASURES[2][0])
    assert "+0.22 pts" in page
    assert "\N{MINUS SIGN}0.05 to +0.50" in page


def test_a_measure_without_a_margin_has_no_band() -> None:
    with_margin = render("{% forest_cell row axis unit %}", row=MEASURES[0][0], axis=None, unit=0.005)
    without = render("{% forest_cell row axis unit %}", row=MEASURES[0][0], axis=None, unit=None)
    assert 'class="band"' in with_margin
    assert 'class="band"' not in without


@time_machine.travel(NOW, tick=False)
def test_a_passed_deadline_is_overdue_in_words() -> None:
    assert "Overdue by 6 h" in render("{% due moment %}", moment=NOW - timedelta(hours=6))
    assert "in 25 h" in render("{% due moment %}", moment=NOW + timedelta(hours=25))


@time_machine.travel(NOW, tick=False)
def test_relative_time_carries_the_exact_moment() -> None:
    page = render("{% ago moment %}", moment=NOW - timedelta(hours=3))
    assert 'datetime="2026-11-19T12:40:00+00:00"' in page
    assert "3 h ago" in page


def test_a_callout_speaks_at_once_only_when_asked() -> None:
    assert 'role="alert"' not in render('{% callout "warn" %}x{% endcallout %}')
    assert 'role="alert"' in render('{% callout "fail" alert=True %}x{% endcallout %}')


def test_what_is_said_in_a_callout_is_escaped() -> None:
    assert "<script>" not in render('{% callout "warn" %}{{ said }}{% endcallout %}', said="<script>")


def test_a_chart_carries_its_figures_as_a_table_and_can_not_close_its_script() -> None:
    page = render(
        '{% chart name="roc" drawing=drawing finding="Found" %}<table></table>{% endchart %}',
        drawing={"data": ["</script><b>"]},
    )
    assert "<table></table>" in page
    assert "</script><b>" not in page
