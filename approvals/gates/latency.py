from dataclasses import dataclass, field

from approvals.gates.base import DATASET, Parameters, meaning
from approvals.gates.measured import PERCENTILES, MeasuredGate, Rule, milliseconds
from evidence.measuring import Plan


@dataclass(frozen=True)
class LatencyParameters(Parameters):
    """How long one call of the model may take."""

    dataset: str = field(metadata=DATASET)
    percentile: str = field(default="p95", metadata=meaning("of the calls: p50, p95 or p99"))
    at_most_ms: float | None = field(default=None, metadata=meaning("the ceiling for one call, in milliseconds"))
    at_most_ratio: float | None = field(
        default=None, metadata=meaning("the ceiling as a multiple of what is live, measured in the same job")
    )
    batch_rows: int = field(default=1, metadata=meaning("rows handed over in one call"))


class Latency(MeasuredGate):
    kind = "latency"
    title = "Fast enough"
    help = (
        "Is one call of the model fast enough, and not much slower than what is live? Timed anew in each run, "
        "on the worker, candidate and live version taking turns."
    )
    parameters_class = LatencyParameters

    def check_parameters(self, parameters: LatencyParameters) -> None:
        super().check_parameters(parameters)
        if parameters.percentile not in PERCENTILES:
            raise ValueError(f"percentile must be one of {', '.join(PERCENTILES)}, not {parameters.percentile!r}.")

    def plan(self, parameters: LatencyParameters) -> Plan:
        return Plan(batch_rows=parameters.batch_rows)

    def rule(self, parameters: LatencyParameters) -> Rule:
        title = f"Latency {parameters.percentile}"
        return Rule(parameters.percentile, title, parameters.at_most_ms, parameters.at_most_ratio, milliseconds)
