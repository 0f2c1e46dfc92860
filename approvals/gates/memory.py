from dataclasses import dataclass, field

from approvals.gates.base import DATASET, Parameters, meaning
from approvals.gates.measured import MeasuredGate, Rule
from approvals.gates.sizes import bytes_of, size_in_words
from evidence.measuring import Plan

#: Memory grows with the first calls and then stays: more calls than these would only take time.
CALLS = 20


@dataclass(frozen=True)
class MemoryParameters(Parameters):
    """How much memory the model's process may hold."""

    dataset: str = field(metadata=DATASET)
    at_most_bytes: int | str | None = field(
        default=None, metadata=meaning('the ceiling in bytes, or as text: "300 MB", "1.5 GiB"')
    )
    at_most_ratio: float | None = field(
        default=None, metadata=meaning("the ceiling as a multiple of what is live, measured in the same job")
    )
    batch_rows: int = field(default=1, metadata=meaning("rows handed over in one call"))


class Memory(MeasuredGate):
    kind = "memory"
    title = "Memory small enough"
    help = (
        "Does the model's process, Python and its runtime included (about 45 MB), hold little enough memory at its "
        "peak, and not much more than what is live? Measured anew in each run."
    )
    parameters_class = MemoryParameters

    def plan(self, parameters: MemoryParameters) -> Plan:
        return Plan(batch_rows=parameters.batch_rows, calls=CALLS, rounds=3)

    def rule(self, parameters: MemoryParameters) -> Rule:
        ceiling = None if parameters.at_most_bytes is None else bytes_of(parameters.at_most_bytes)
        return Rule("peak_bytes", "Peak memory", ceiling, parameters.at_most_ratio, size_in_words)
