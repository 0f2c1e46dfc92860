"""The desk's components. Each is a template in templates/includes; the tags here prepare what it shows."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import template
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from dashboard import figures, forest, hallmarks, navigation, statuses, strips, times
from dashboard.names import Person, display_name, initials
from evidence import groups
from evidence.metrics import METRICS, Metric

register = template.Library()

BEADS = {
    "executed": ("p-exec", "executed here", "executed here on locked data"),
    "scored": ("p-scored", "scored here", "predictions scored here"),
    "reported": ("p-reported", "reported", "reported by the pipeline"),
}
STAGES = {
    "None": ("s-1", "Registered"),
    "Staging": ("s-2", "Staging"),
    "Production": ("s-3", "Production"),
    "Archived": ("s-0", "Archived"),
}
CALLOUT_ICONS = {"fail": "i-fail", "warn": "i-over", "info": "i-stop", "pass": "i-pass"}


# Marks


@register.simple_tag
def icon(name: str, classes: str = "") -> SafeString:
    """A symbol of the sprite, for the eye only: the words beside it carry the meaning."""
    return format_html(
        '<svg class="i{}" aria-hidden="true"><use href="#{}"/></svg>', f" {classes}" if classes else "", name
    )


@register.inclusion_tag("includes/status.html")
def status(key: str, words: str = "", classes: str = "") -> dict[str, Any]:
    """Icon and words of a status; `classes` adds `strong`, `small` or `badge`."""
    look = statuses.status_named(key)
    return {"look": look, "words": words or look.words, "classes": classes}


@register.inclusion_tag("includes/bead.html")
def bead(provenance: str) -> dict[str, str]:
    """Where a number comes from: executed, scored or reported."""
    symbol, label, _ = BEADS[provenance]
    return {"symbol": symbol, "label": label}


@register.inclusion_tag("includes/bead_legend.html")
def bead_legend() -> dict[str, Any]:
    """What the three beads mean; belongs below every table that carries them."""
    return {"beads": [{"symbol": symbol, "words": words} for symbol, _, words in BEADS.values()]}


@register.inclusion_tag("includes/version_tag.html")
def version_tag(version: Any, url: str = "") -> dict[str, str]:
    """A version's label, or its number as `v3` when it has none; text is shown as it is."""
    label = version if isinstance(version, str) else (version.label or f"v{version.number}")
    return {"label": label, "url": url}


@register.inclusion_tag("includes/stage.html")
def stage(name: str | None) -> dict[str, str]:
    """A lifecycle stage; None reads "Registered"."""
    symbol, words = STAGES[name or "None"]
    return {"symbol": symbol, "words": words}


@register.inclusion_tag("includes/route.html")
def route(from_stage: str | None, to_stage: str) -> dict[str, str | None]:
    """From one stage to another."""
    return {"from_stage": from_stage, "to_stage": to_stage}


# People


@register.simple_tag
def punch(who: Person | str = "", struck: bool = False) -> SafeString:
    """Initials in a punch: dark when that person approved, dashed when nobody has yet."""
    if not who:
        return format_html('<span class="punch {}" aria-hidden="true"></span>', "open")
    classes = "punch struck" if struck else "punch"
    return format_html('<span class="{}" aria-hidden="true">{}</span>', classes, initials(who))


@register.inclusion_tag("includes/punches.html")
def punches(approvers: Sequence[Person | str], needed: int, note: str = "") -> dict[str, Any]:
    """Struck and open punches with the count in words: `1 of 2`."""
    missing = max(needed - len(approvers), 0)
    names = ", ".join(display_name(who) for who in approvers)
    return {"approvers": approvers, "open": range(missing), "needed": needed, "note": note, "names": names}


@register.inclusion_tag("includes/person.html")
def person(
    who: Person | str, note: str = "", since: datetime | None = None, viewer: Person | None = None
) -> dict[str, Any]:
    """Punch and name, with a note or a relative time below; the viewer reads "You"."""
    name = "You" if viewer is not None and who == viewer else display_name(who)
    return {"who": who, "name": name, "note": note, "since": since}


@register.filter
def named(who: Person | str) -> str:
    """A person's name as text."""
    return display_name(who)


@register.inclusion_tag("includes/hallmark.html")
def hallmark(dies: Sequence[hallmarks.Die]) -> dict[str, Any]:
    """The dies made by `dashboard.hallmarks.hallmark`."""
    return {"dies": dies, "words": hallmarks.hallmark_words(dies)}


# Figures


def _metric(key: str) -> Metric:
    return METRICS[key]


@register.simple_tag
def figure(value: float | None, metric: str = "") -> str:
    """A measured value in its metric's unit; without a metric a plain number."""
    return figures.figure(value, _metric(metric).unit if metric else "")


@register.inclusion_tag("includes/difference.html")
def difference(compared: Any) -> dict[str, str]:
    """A difference with its interval below."""
    unit = _metric(compared.metric).unit
    return {
        "difference": figures.difference(compared.difference, unit),
        "interval": figures.interval(compared.low, compared.high, unit),
        "reason": compared.reason,
    }


@register.simple_tag
def signed_difference(compared: Any) -> str:
    """A difference by itself: `+0.013`, `+0.22 pts`."""
    return figures.difference(compared.difference, _metric(compared.metric).unit)


@register.simple_tag
def difference_interval(compared: Any) -> str:
    """A difference's interval in brackets; "" without one."""
    words = figures.interval(compared.low, compared.high, _metric(compared.metric).unit)
    return f"({words})" if words else ""


@register.filter
def group_name(group: str) -> str:
    """A group's name; that of rows without a value in words."""
    return groups.group_name(group)


@register.filter
def thousands(value: int) -> str:
    """A count with separators: 12,480."""
    return figures.number(value, 0)


@register.filter
def milliseconds(value: float) -> str:
    """A time of a call: `0.043 ms`, `4.3 ms`, `43 ms`."""
    return f"{figures.number(value, 3 if value < 1 else 1 if value < 10 else 0)} ms"


@register.filter
def file_size(size: int) -> str:
    """Bytes as 51.6 MB."""
    return figures.file_size(size)


@register.filter
def short_digest(digest: str) -> str:
    """A digest's first and last four characters."""
    return figures.short_digest(digest)


@register.inclusion_tag("includes/forest.html")
def forest_cell(
    compared: Any, axis: forest.Axis | None = None, unit: float | None = None, in_units: bool = True
) -> dict[str, Any]:
    """The table cell that draws a difference.

    Measures: the axis of `measure_axis` and the row's own margin as unit (none: the row has no band).
    Segments: the axis of `segment_axis` and `in_units=False`.
    """
    if in_units and not unit:
        axis = forest.lone_axis(compared)
    axis = axis or forest.measure_axis([(compared, unit)])
    direction = _metric(compared.metric).direction
    drawn = forest.mark(compared, axis, unit=(unit or 1.0) if in_units else 1.0, direction=direction)
    return {"axis": axis, "mark": drawn, "band_left": axis.zero - axis.band, "band_width": 2 * axis.band}


@register.inclusion_tag("includes/forest_axis.html")
def forest_axis(axis: forest.Axis, metric: str) -> dict[str, Any]:
    """Tick labels over a column of segments: differences as they are, falling where lower is better."""
    unit, sign = _metric(metric).unit, 1 if _metric(metric).direction == "higher" else -1
    ticks = [{"x": tick.x, "words": _tick_words(sign * tick.value, unit)} for tick in axis.ticks]
    return {"ticks": ticks}


@register.inclusion_tag("includes/whisker.html")
def whisker_cell(mark: forest.Mark | None, axis: forest.Axis, bar: tuple[float, float] | None = None) -> dict[str, Any]:
    """The table cell that draws a value with its interval, and a `bar` of that left end and width. For the eye only."""
    return {"mark": mark, "axis": axis, "bar": bar}


@register.inclusion_tag("includes/forest_axis.html")
def whisker_axis(axis: forest.Axis, unit: str = "") -> dict[str, Any]:
    """Tick labels over a column of whiskers: values as they are, shares in percent."""
    scale = 100 if unit == figures.SHARE else 1
    ticks = [
        {"x": tick.x, "words": f"{round(tick.value * scale, 9):,g}".replace("-", figures.MINUS)} for tick in axis.ticks
    ]
    return {"ticks": ticks}


@register.simple_tag
def own_interval(value: Any) -> str:
    """Both ends of a stored figure's own interval, in its metric's unit; "" without one."""
    return figures.span(value.low, value.high, _metric(value.metric).unit)


def _tick_words(value: float, unit: str) -> str:
    shown = 100 * value if unit == figures.SHARE else value
    places = 0 if float(shown).is_integer() or abs(shown) >= 1 else 2
    return figures.signed(shown, places)


# Times


@register.inclusion_tag("includes/time.html")
def ago(moment: datetime) -> dict[str, Any]:
    """Relative time in a row: `3 h ago`, with the full time as its title."""
    return _moment(moment, times.relative(moment, timezone.now()))


@register.inclusion_tag("includes/time.html")
def clock(moment: datetime) -> dict[str, Any]:
    """Clock time near its day: `today 12:40`, `Mon 23 Nov, 12:00`."""
    return _moment(moment, times.clock(moment, timezone.now()))


@register.inclusion_tag("includes/time.html")
def on_record(moment: datetime) -> dict[str, Any]:
    """The full time with seconds and zone."""
    return _moment(moment, times.on_record(moment))


@register.inclusion_tag("includes/due.html")
def due(moment: datetime) -> dict[str, Any]:
    """A deadline: when, and how far away; overdue in words and colour."""
    now = timezone.now()
    return {"moment": moment, "overdue": moment < now, "span": times.span(moment - now)}


@register.filter
def begun(because: str) -> str:
    """What began a stretch in a stage, to be put behind it: `, by promotion 12`, `, rollback: too slow`, or nothing."""
    if not because:
        return ""
    return f", by {because}" if because.startswith("promotion ") else f", {because}"


@register.simple_tag
def lasted(start: datetime, end: datetime | None = None) -> str:
    """The length between two moments, or until now: `42 days`."""
    return times.span((end or timezone.now()) - start)


def _moment(moment: datetime, words: str) -> dict[str, Any]:
    return {"moment": moment, "words": words, "title": times.on_record(moment)}


# Gates


@register.inclusion_tag("includes/gate_counts.html")
def gate_counts(outcomes: Sequence[str]) -> dict[str, Any]:
    """How many gates passed, failed, are running, in words."""
    return {"counts": statuses.gate_counts(outcomes)}


@register.inclusion_tag("includes/gate_strip.html")
def gate_strip(outcomes: Sequence[str]) -> dict[str, Any]:
    """One small cell per gate; always beside `gate_counts`."""
    cells = strips.strip_cells(outcomes)
    return {"cells": cells, "width": strips.strip_width(len(cells)), "height": strips.HEIGHT}


@register.inclusion_tag("includes/gate_list.html")
def gate_list(gates: Sequence[Any]) -> dict[str, Any]:
    """The gates of a promotion, each a disclosure; see includes/gate.html for what a gate offers."""
    return {"gates": gates}


# Blocks


@register.simple_block_tag
def callout(content: str, tone: str, *, alert: bool = False, symbol: str = "") -> str:
    """What happened, in bold first, then what to do. `alert` speaks at once (after a submit)."""
    context = {"content": content, "tone": tone, "alert": alert, "symbol": symbol or CALLOUT_ICONS[tone]}
    return render_to_string("includes/callout.html", context)


@register.simple_block_tag
def empty_state(content: str, title: str, *, action: str = "", url: str = "") -> str:
    """What will appear here, in place of a table without rows, with at most one action."""
    context = {"content": content, "title": title, "action": action, "url": url}
    return render_to_string("includes/empty_state.html", context)


@register.simple_block_tag
def timeline_row(
    content: str,
    *,
    at: datetime,
    who: Person | str = "",
    struck: bool = False,
    status: str = "",
    quote: str = "",
) -> str:
    """One event: a punch for a person or an icon for a status, the sentence, the words said, the time."""
    look = statuses.status_named(status) if status else None
    context = {"content": content, "at": at, "who": who, "struck": struck, "look": look, "quote": quote}
    return render_to_string("includes/timeline_row.html", context)


@register.simple_block_tag
def chart(
    content: str, *, name: str, drawing: dict[str, Any], finding: str, caption: str = "", is_tall: bool = False
) -> str:
    """A chart with its finding in words; the block's content is the same figures as a table."""
    context: dict[str, Any] = {"content": content, "name": name, "finding": finding, "caption": caption}
    context["is_tall"] = is_tall
    context |= {"drawing": drawing, "drawing_id": f"{name}-drawing"}
    return render_to_string("includes/chart.html", context)


# Page frame


@register.inclusion_tag("includes/nav_link.html", takes_context=True)
def nav_link(context: template.Context, page: str, title: str, waiting: int = 0) -> dict[str, Any]:
    """A link of the main navigation, marked when the page belongs to it."""
    request = context.get("request")
    here = request is not None and navigation.section_of(request.path) == page
    return {"page": page, "title": title, "waiting": waiting, "here": here}
