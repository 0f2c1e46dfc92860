"""Gates in words: what one asks in a policy, and which kinds there are to write into one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from approvals.gates import GATES
from approvals.gates.base import ParameterHelp
from approvals.gates.cost import significant
from approvals.gates.sizes import bytes_of, size_in_words
from approvals.policies import GateRule
from dashboard import figures
from evidence.fairness import MEASURES
from evidence.groups import group_name
from evidence.metrics import METRICS


@dataclass(frozen=True)
class GateKind:
    """A kind of gate as people who write policies are told of it."""

    kind: str
    title: str
    help: str
    parameters: list[ParameterHelp]


def gate_kinds() -> list[GateKind]:
    """Every kind there is, in the order of the registry of gates."""
    return [GateKind(gate.kind, gate.title, gate.help, gate.parameters_help()) for gate in GATES.values()]


def asks(rule: GateRule) -> str:
    """What a gate asks, in one line of plain words."""
    parameters = rule.gate.read_parameters(rule.parameters)
    told = _ASKS.get(rule.kind)
    return told(parameters) if told is not None else _listed(rule.parameters)


def _threshold(parameters: Any) -> str:
    metric = METRICS[parameters.metric]
    run = ", run here" if parameters.provenance == "executed" else ""
    return f"{metric.title} of {_limit(parameters, metric.unit)} on {parameters.dataset}{run}"


def _limit(parameters: Any, unit: str) -> str:
    floor = parameters.at_least is not None
    limit = figures.figure(parameters.at_least if floor else parameters.at_most, unit)
    return f"at {'least' if floor else 'most'} {limit}"


def _no_regression(parameters: Any) -> str:
    metric = METRICS[parameters.metric]
    column, _, group = parameters.segment.partition("=")
    where = f" among {column} {group_name(group)}" if column else ""
    loss = figures.difference(parameters.margin, metric.unit).lstrip("+")
    most = f"at most {loss} worse than" if parameters.margin else "no worse than"
    return f"{metric.title}{where} {most} what is live, on {parameters.dataset}"


def _segment_floor(parameters: Any) -> str:
    metric = METRICS[parameters.metric]
    rows = f"{parameters.least_rows:,} rows or more"
    limit = _limit(parameters, metric.unit)
    return f"{metric.title} of {limit} in every {parameters.column} of {parameters.dataset} with {rows}"


def _mean_signed_error(parameters: Any) -> str:
    return f"Mean signed error within ±{figures.figure(parameters.at_most)} on {parameters.dataset}"


def _fairness(parameters: Any) -> str:
    measure = MEASURES[parameters.measure]
    limit = f"at least {figures.figure(parameters.limit)}"
    if not measure.is_ratio:
        limit = f"at most {figures.difference(parameters.limit, figures.SHARE).lstrip('+')}"
    return f"{measure.title} between any two of {parameters.column} {limit}, on {parameters.dataset}"


def _agreement(parameters: Any) -> str:
    asked = [
        (parameters.at_least, "at least {} decided alike", figures.SHARE),
        (parameters.least_correlation, "correlation at least {}", ""),
        (parameters.at_most_psi, "stability index at most {}", ""),
        (parameters.at_most_ks, "Kolmogorov–Smirnov distance at most {}", ""),
    ]
    told = [text.format(figures.figure(limit, unit)) for limit, text, unit in asked if limit is not None]
    return f"Says what the live version says of {parameters.dataset}: {', '.join(told)}"


def _cost(parameters: Any) -> str:
    price = f"{parameters.currency} {parameters.price_per_hour:g} an hour"
    ceiling = None if parameters.at_most is None else f"{parameters.currency} {significant(parameters.at_most)}"
    return f"1,000 predictions at {price}, {_rows(parameters)} in one call: {_ceilings(ceiling, parameters)}"


def _explainability(parameters: Any) -> str:
    told = [f"What each input is worth to it on {parameters.dataset}"]
    if parameters.report:
        told.append(f"or the report {parameters.report}")
    if parameters.most_share is not None:
        told.append(f"none carrying more than {figures.figure(parameters.most_share, figures.SHARE)} of all importance")
    if parameters.not_by:
        told.append(f"without {', '.join(parameters.not_by)}")
    return ", ".join(told)


def _card_complete(parameters: Any) -> str:
    return f"The card has text under {', '.join(parameters.sections)}"


def _artifact_size(parameters: Any) -> str:
    return f"All files together at most {size_in_words(bytes_of(parameters.at_most_bytes))}"


def _latency(parameters: Any) -> str:
    ceiling = None if parameters.at_most_ms is None else f"{parameters.at_most_ms:g} ms"
    return f"{parameters.percentile} of one call of {_rows(parameters)}: {_ceilings(ceiling, parameters)}"


def _memory(parameters: Any) -> str:
    ceiling = None if parameters.at_most_bytes is None else size_in_words(bytes_of(parameters.at_most_bytes))
    return f"Peak memory with {_rows(parameters)} in one call: {_ceilings(ceiling, parameters)}"


def _external_check(parameters: Any) -> str:
    return f"{parameters.what}, as reported by {', '.join(parameters.reporters) or 'a service account'}"


def _rows(parameters: Any) -> str:
    rows = f"{parameters.batch_rows:,} row{'s' if parameters.batch_rows != 1 else ''}"
    return f"{rows} of {parameters.dataset}"


def _ceilings(ceiling: str | None, parameters: Any) -> str:
    ratio = parameters.at_most_ratio
    live = None if ratio is None else f"{ratio:g} times that of what is live"
    return f"at most {' and '.join(limit for limit in (ceiling, live) if limit)}"


_ASKS: dict[str, Callable[[Any], str]] = {
    "metric_threshold": _threshold,
    "no_regression": _no_regression,
    "segment_floor": _segment_floor,
    "mean_signed_error": _mean_signed_error,
    "fairness": _fairness,
    "agreement": _agreement,
    "card_complete": _card_complete,
    "card_reviewed": lambda _: "Somebody other than its writer reviewed the card’s newest revision",
    "lineage_complete": lambda _: "Code, data and environment are named and pinned",
    "signature_compatible": lambda _: "Callers of what is live are not broken, or the label says so by a higher MAJOR",
    "integrity": lambda _: "Every stored byte is read again and is as registered",
    "artifact_size": _artifact_size,
    "latency": _latency,
    "memory": _memory,
    "cost": _cost,
    "explainability": _explainability,
    "external_check": _external_check,
}


def _listed(parameters: dict[str, Any]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in parameters.items())
