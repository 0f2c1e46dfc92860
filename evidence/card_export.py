"""A card as Hugging Face's tools read it: figures in the place of placeholders, evidence as a `model-index`."""

import re
from collections.abc import Iterable
from typing import Any

import yaml
from django.conf import settings

from evidence.card_figures import CardFigure, card_figures
from evidence.metrics import METRICS
from evidence.models import Evaluation, MetricValue
from evidence.queries import newest_evaluations
from registry.card_figures import figures_in, with_figures
from registry.cards import read_card
from registry.models import CardRevision, Version

#: The source that marks results as ours among those that a card brought along.
SOURCE = "Assaydesk"
_TASKS = {
    "binary": "tabular-classification",
    "multiclass": "tabular-classification",
    "regression": "tabular-regression",
}
#: Hugging Face's names of metrics, where they differ.
_NAMES = {"auc": "roc_auc", "brier": "brier_score", "r2": "r_squared"}
_MARKDOWN = re.compile(r"([\\`*_\[\]<>|{}])")


def in_hugging_face_format(revision: CardRevision) -> str:
    """README.md for a model repository: the card's own front matter, unknown keys and all, with a `model-index` of
    what is stored of the version. Raises Invalid when the front matter can't be read. Two queries at most."""
    card, version = read_card(revision.text), revision.version
    front_matter = {**card.front_matter, "model-index": _index(card.front_matter.get("model-index"), version)}
    if not front_matter["model-index"]:
        del front_matter["model-index"]
    figures = card_figures(version, figures_in(card.body))
    body = with_figures(card.body, {asked: in_markdown(figure) for asked, figure in figures.items()})
    if not front_matter:
        return body
    return f"---\n{yaml.safe_dump(front_matter, sort_keys=False, allow_unicode=True)}---\n{body}"


def in_markdown(figure: CardFigure) -> str:
    """`0.884 (95% interval 0.871 to 0.897; 400 rows of loans@1, executed here on locked data)`."""
    of_what = _MARKDOWN.sub(r"\\\1", figure.of_what)
    value = figure.value
    if value is None or value.value is None:
        return f"({figure.title} on {of_what}: {figure.why_none})"
    metric = METRICS[value.metric]
    interval = ""
    if value.low is not None and value.high is not None:
        interval = f"95% interval {metric.figure(value.low)} to {metric.figure(value.high)}; "
    came = value.evaluation.get_provenance_display()
    return f"{metric.figure(value.value)} ({interval}{value.n:,} rows of {of_what}, {came})"


def _index(brought: Any, version: Version) -> list[dict[str, Any]]:
    """Ours first, then what the card brought along, without what an earlier export of ours left in it."""
    ours = [_result(evaluation) for evaluation in newest_evaluations(version)]
    entries = [{"name": f"{version.model.name} {version.name}", "results": ours}] if ours else []
    return entries + [
        kept for entry in (brought if isinstance(brought, list) else []) if (kept := _without_ours(entry))
    ]


def _without_ours(entry: Any) -> Any:
    """The entry without results of ours; None when nothing else is in it."""
    results = entry.get("results") if isinstance(entry, dict) else None
    if not isinstance(results, list):
        return entry
    kept = [result for result in results if not _is_ours(result)]
    return {**entry, "results": kept} if kept or not results else None


def _is_ours(result: Any) -> bool:
    source = result.get("source") if isinstance(result, dict) else None
    return isinstance(source, dict) and source.get("name") == SOURCE


def _result(evaluation: Evaluation) -> dict[str, Any]:
    dataset, version = evaluation.dataset.dataset_version, evaluation.version
    path = f"models/{version.model.name}/versions/{version.number}/evidence/{dataset}/"
    return {
        "task": {"type": _TASKS[version.task]},
        "dataset": {"type": dataset.dataset.name, "name": str(dataset), "revision": evaluation.dataset.digest},
        "metrics": [_metric(value) for value in _in_order(evaluation.values.all()) if value.value is not None],
        "source": {"name": SOURCE, "url": f"{settings.PUBLIC_URL}/{path}"},
    }


def _in_order(values: Iterable[MetricValue]) -> list[MetricValue]:
    order = list(METRICS)
    return sorted(values, key=lambda value: order.index(value.metric))


def _metric(value: MetricValue) -> dict[str, Any]:
    told: dict[str, Any] = {"type": _NAMES.get(value.metric, value.metric), "name": METRICS[value.metric].title}
    told["value"] = value.value
    if value.low is not None and value.high is not None:
        told["args"] = {"interval": [value.low, value.high], "level": 0.95, "rows": value.n}
    return told
