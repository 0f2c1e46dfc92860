from dataclasses import dataclass, field

from approvals.gates.base import Gate, Judged, Parameters, Side, meaning
from approvals.models.gates import Outcome


@dataclass(frozen=True)
class ExternalCheckParameters(Parameters):
    """A check that another system makes and reports by the API (`gates/{gate}/report`)."""

    what: str = field(metadata=meaning('what is checked, in words: "End-to-end tests in the serving cluster"'))
    reporters: list[str] = field(
        default_factory=list,
        metadata=meaning(
            "usernames that may report it; none: any service account that contributes to the model, "
            "even the one that brought the version"
        ),
    )


class ExternalCheck(Gate):
    kind = "external_check"
    title = "External check"
    help = "Did another system's check pass? It reports by the API; review goes on meanwhile, the move waits."
    parameters_class = ExternalCheckParameters
    rests_on = frozenset({"artifact"})
    awaits = True

    def check(self, candidate: Side, baseline: Side | None, parameters: ExternalCheckParameters) -> Judged:
        """Waits: the answer is reported. Review goes on meanwhile; completion doesn't."""
        who = ", ".join(parameters.reporters) or "a service account"
        return Judged(Outcome.WAITING, f"{parameters.what}: to be reported by {who}")
