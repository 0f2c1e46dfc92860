import re
from dataclasses import dataclass, field
from math import floor, log10

from approvals.gates.base import DATASET, Parameters, meaning
from approvals.gates.measured import MeasuredGate, Rule
from evidence.measuring import Plan
from evidence.models import Measurement

MILLISECONDS_PER_HOUR = 3_600_000
PREDICTIONS = 1_000
_CURRENCY = re.compile(r"\S{1,8}\Z")


@dataclass(frozen=True)
class CostParameters(Parameters):
    """How much 1,000 predictions may cost on a machine of this price."""

    dataset: str = field(metadata=DATASET)
    price_per_hour: float = field(metadata=meaning("what the machine costs in an hour"))
    at_most: float | None = field(default=None, metadata=meaning("the ceiling for 1,000 predictions, in the currency"))
    at_most_ratio: float | None = field(
        default=None, metadata=meaning("the ceiling as a multiple of what is live, measured in the same job")
    )
    currency: str = field(default="USD", metadata=meaning("the currency of price and ceiling, as it is shown"))
    batch_rows: int = field(default=100, metadata=meaning("rows handed over in one call; fuller calls cost less a row"))


class Cost(MeasuredGate):
    kind = "cost"
    title = "Cheap enough"
    help = (
        "Do 1,000 predictions cost little enough, and not much more than those of what is live? Median time of a call "
        "÷ rows in a call × 1,000 × price of an hour, for a machine that makes one call after the other. Timed anew "
        "in each run, on the worker, candidate and live version taking turns: the price must be that of such a machine."
    )
    parameters_class = CostParameters

    def check_parameters(self, parameters: CostParameters) -> None:
        if parameters.price_per_hour <= 0:
            raise ValueError("price_per_hour must be above 0.")
        if not _CURRENCY.match(parameters.currency):
            raise ValueError(f"currency must be a short word such as USD or €, not {parameters.currency!r}.")
        super().check_parameters(parameters)

    def plan(self, parameters: CostParameters) -> Plan:
        return Plan(batch_rows=parameters.batch_rows)

    def rule(self, parameters: CostParameters) -> Rule:
        def in_words(cost: float) -> str:
            return f"{parameters.currency} {significant(cost)}"

        return Rule(
            "p50",
            "Cost per 1,000 predictions",
            parameters.at_most,
            parameters.at_most_ratio,
            in_words,
            # p50 is ms of one call: this makes it the cost of 1,000 rows.
            per_unit=PREDICTIONS / parameters.batch_rows / MILLISECONDS_PER_HOUR * parameters.price_per_hour,
        )

    def further_facts(self, own: Measurement, parameters: CostParameters) -> list[list[str]]:
        rule = self.rule(parameters)
        price = f"{parameters.currency} {parameters.price_per_hour:g}"
        formula = (
            f"{own.p50:.3g} ms a call ÷ {own.batch_rows:,} rows × {PREDICTIONS:,} ÷ {MILLISECONDS_PER_HOUR:,} ms "
            f"× {price} an hour = {rule.in_words(own.p50 * rule.per_unit)}"
        )
        return [["Formula", formula], ["Per million", rule.in_words(own.p50 * rule.per_unit * 1_000)]]


def significant(amount: float) -> str:
    """An amount of at least 0 in plain digits, three that count: `12.3`, `0.0000056`, `1,230`."""
    if amount == 0:
        return "0"
    places = max(0, 2 - floor(log10(amount)))
    text = f"{amount:,.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
