"""When versions were in Staging and in Production: a row for each, on one axis of time that ends now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dashboard.time_axis import ticks_between

# In pixels. The names stand left of the rows, and right of them where the drawing is scrolled to its end.
WIDTH, NAMES, RIGHT = 1280, 128, 1152
ROW, TOP, BAR = 34, 34, 20
_LETTERS = 16  # of a name that fits; the table beside the drawing has them whole
_LETTER = 6.5  # how wide one is, about
_GAP = 9


@dataclass(frozen=True)
class Stretch:
    """Time in a stage; `end` is None while it lasts."""

    in_production: bool
    start: datetime
    end: datetime | None


@dataclass(frozen=True)
class Track:
    """A version with its stretches, oldest first. `note` says how it stands; it is drawn where there is room."""

    name: str
    registered: datetime
    stretches: Sequence[Stretch]
    note: str


@dataclass(frozen=True)
class Text:
    x: float
    y: float
    words: str
    classes: str = ""


@dataclass(frozen=True)
class Bar:
    x: float
    y: float
    width: float
    in_production: bool


@dataclass(frozen=True)
class Drawing:
    """`rules` are where the ticks' lines stand, `dots` the middles of versions that were in neither stage."""

    width: int
    height: int
    rules: list[float]
    bars: list[Bar]
    dots: list[tuple[float, float]]
    texts: list[Text]
    now: float
    foot: int


def draw(tracks: Sequence[Track], *, now: datetime) -> Drawing:
    """A row for each track, in their order."""
    start = min(min([track.registered, *(each.start for each in track.stretches)]) for track in tracks)
    scale = _Scale(start, now)
    foot = TOP + ROW * len(tracks)
    rules, texts = [], []
    for tick in ticks_between(start, now):
        x = scale.x(tick.at)
        rules.append(x)
        if x < RIGHT - 40:
            texts.append(Text(x + 4, 16, tick.words))
    bars: list[Bar] = []
    dots: list[tuple[float, float]] = []
    for at, track in enumerate(tracks):
        y = TOP + ROW * at
        own = [_bar(stretch, scale, y) for stretch in track.stretches]
        bars += own
        if not own:
            dots.append((scale.x(track.registered), y + BAR / 2))
        texts += _texts(track, own, y, scale)
    texts.append(Text(RIGHT, foot + 16, "now", "mid"))
    return Drawing(WIDTH, foot + 24, rules, bars, dots, texts, RIGHT, foot)


@dataclass(frozen=True)
class _Scale:
    start: datetime
    now: datetime

    def x(self, moment: datetime) -> float:
        whole = (self.now - self.start).total_seconds() or 1.0
        share = (moment - self.start).total_seconds() / whole
        return round(NAMES + 4 + (RIGHT - NAMES - 4) * min(max(share, 0.0), 1.0), 1)


def _bar(stretch: Stretch, scale: _Scale, y: int) -> Bar:
    x = scale.x(stretch.start)
    # However short, it is to be seen.
    width = max(scale.x(stretch.end or scale.now) - x, 2.0)
    return Bar(x, y, round(width, 1), stretch.in_production)


def _texts(track: Track, bars: Sequence[Bar], y: int, scale: _Scale) -> list[Text]:
    base = y + 15
    name = track.name if len(track.name) <= _LETTERS else f"{track.name[: _LETTERS - 1]}…"
    texts = [Text(0, base, name, "name far"), Text(RIGHT + 10, base, name, "name near")]
    live = [bar for bar in bars if bar.in_production]
    for nth, bar in enumerate(live):
        words = "Production again" if nth else "Production"
        if bar.width > len(words) * _LETTER + 2 * _GAP:
            texts.append(Text(bar.x + _GAP, base, words, "inbar"))
    return [*texts, *_note(track, bars, base, scale)]


def _note(track: Track, bars: Sequence[Bar], base: int, scale: _Scale) -> list[Text]:
    """Behind the last bar, else before the first, else nowhere."""
    left = bars[0].x if bars else scale.x(track.registered) - BAR / 4
    right = bars[-1].x + bars[-1].width if bars else left + BAR / 2
    wide = len(track.note) * _LETTER + _GAP
    if right + wide < RIGHT:
        return [Text(right + _GAP, base, track.note)]
    if left - wide > NAMES:
        return [Text(left - _GAP, base, track.note, "end")]
    return []
