"""`assaydesk compare`: versions side by side as a Markdown table, to be posted under a pull request."""

import argparse

from assaydesk_client.answers import ComparedMeasure, ComparedValue, Comparison
from assaydesk_client.client import Client
from assaydesk_client.commands.options import Subparsers, add_timeout, positive, subcommand
from assaydesk_client.exits import Exit
from assaydesk_client.output import Output
from assaydesk_client.waiting import wait_for_comparison

_WORDS = {"better": "better", "worse": "**worse**", "same": "no measurable difference", "undefined": "not judged"}
_DIRECTIONS = {"higher": "higher is better", "lower": "lower is better", "zero": "nearer zero is better"}
_MINUS = "\N{MINUS SIGN}"


def add_subcommand(subparsers: Subparsers) -> None:
    parser = subcommand(subparsers, "compare", "Compare versions side by side; prints Markdown.", _run)
    parser.add_argument("model", metavar="MODEL", help="the model's name")
    parser.add_argument("--versions", required=True, type=numbers, metavar="N,N", help="2 to 6 versions by number")
    parser.add_argument("--dataset", metavar="NAME@NUMBER", help="by default the one most of them were measured on")
    parser.add_argument("--baseline", type=positive, metavar="N", help="one of them; by default what is live")
    parser.add_argument("--ask", action="store_true", help="have a worker compare what isn't compared yet, and wait")
    add_timeout(parser)
    parser.add_argument("--markdown", action="store_true", help="print Markdown, as is done anyway without --json")


def _run(client: Client, options: argparse.Namespace, output: Output) -> Exit:
    where = {"dataset": options.dataset, "baseline": options.baseline}
    if not options.ask:
        compared = client.compare(options.model, options.versions, **where)
        output.result(markdown(compared), compared)
        return Exit.DONE
    asked = client.ask_comparison(options.model, options.versions, **where)
    output.note(f"{len(asked['waited_for'])} of {len(asked['not_compared_yet'])} comparisons to come from a worker")
    compared = wait_for_comparison(client, options.model, options.versions, timeout=options.timeout, **where)
    for each in compared["came_to_nothing"]:
        output.note(f"{' against '.join(f'version {number}' for number in each['versions'])}: {each['why']}")
    output.result(markdown(compared), compared)
    return Exit.REFUSED if compared["came_to_nothing"] else Exit.DONE


def numbers(text: str) -> list[int]:
    """`4,5` as numbers of versions."""
    return [positive(part) for part in text.split(",")]


def markdown(compared: Comparison) -> str:
    """A table with a row for each measure, what gets worse for whom below it, and a link to the page."""
    names = {each["version"]: _escaped(each["label"] or f"v{each['version']}") for each in compared["versions"]}
    heads = [f"{name}, baseline" if key == compared["baseline"] else name for key, name in names.items()]
    lines = [
        f"### {_escaped(compared['model'])} on {_escaped(compared['dataset'])}",
        "",
        _escaped(compared["finding"]),
        "",
        f"| Measure | {' | '.join(heads)} |",
        f"| --- |{' ---: |' * len(heads)}",
        *(_row(measure, compared) for measure in compared["measures"]),
        "",
        *_notes(compared, names),
        f"Differences are against {names[compared['baseline']]}, paired on {compared['rows']:,} locked rows, with 95% "
        f"intervals. [The comparison in Assaydesk]({compared['url']})",
    ]
    return "\n".join(lines)


def _row(measure: ComparedMeasure, compared: Comparison) -> str:
    cells = [_cell(value, measure["unit"], compared) for value in measure["values"]]
    return f"| {_escaped(measure['title'])} ({_DIRECTIONS[measure['direction']]}) | {' | '.join(cells)} |"


def _cell(value: ComparedValue, unit: str, compared: Comparison) -> str:
    if value["value"] is None:
        return f"not defined<br>{_escaped(value['reason'])}" if value["reason"] else "not measured"
    told = _figure(value["value"], unit) + (f" *{value['standing']}*" if value["standing"] else "")
    paired = value["difference"]
    if value["version"] == compared["baseline"]:
        return told
    if paired is None:
        return f"{told}<br>not compared"
    shift = _difference(paired["difference"], unit) + _interval(paired["low"], paired["high"], unit)
    return f"{told}<br>{shift} {_WORDS.get(paired['verdict'], '')}".rstrip()


def _notes(compared: Comparison, names: dict[int, str]) -> list[str]:
    """Groups for whom it gets worse, and versions that can't be compared; a blank line behind them."""
    units = {measure["metric"]: (measure["title"], measure["unit"]) for measure in compared["measures"]}
    lines = []
    for worse in compared["worse_segments"]:
        title, unit = units.get(worse["metric"], (worse["metric"], ""))
        shift = _difference(worse["difference"], unit) + _interval(worse["low"], worse["high"], unit)
        group = _escaped(f"{worse['column']} {worse['segment'] or 'no value'}")
        lines.append(f"- {names[worse['version']]} is worse for {group}: {title} {shift}")
    lines += [f"- {_escaped(each['why_not_compared'])}" for each in compared["versions"] if each["why_not_compared"]]
    return [*lines, ""] if lines else []


def _figure(value: float, unit: str) -> str:
    return (f"{100 * value:.2f}%" if unit == "share" else f"{value:,.3f}").replace("-", _MINUS)


def _difference(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    return (f"{100 * value:+.2f} pts" if unit == "share" else f"{value:+,.3f}").replace("-", _MINUS)


def _interval(low: float | None, high: float | None, unit: str) -> str:
    if low is None or high is None:
        return ""
    scale, places = (100, 2) if unit == "share" else (1, 3)
    return f" ({low * scale:+,.{places}f} to {high * scale:+,.{places}f})".replace("-", _MINUS)


def _escaped(text: str) -> str:
    """Text that Markdown would read as a table's border, a link, a tag or emphasis stays text."""
    return "".join(f"\\{char}" if char in "\\`*_[]<>|#" else char for char in " ".join(text.split()))
