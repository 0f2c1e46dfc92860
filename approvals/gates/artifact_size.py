from dataclasses import dataclass, field

from approvals.gates.base import Gate, Judged, Parameters, Side, meaning
from approvals.gates.sizes import bytes_of, size_in_words
from approvals.models.gates import Outcome


@dataclass(frozen=True)
class SizeParameters(Parameters):
    """A ceiling for the bytes of all files."""

    at_most_bytes: int | str = field(metadata=meaning('the ceiling in bytes, or as text: "200 MB", "1.5 GiB"'))


class ArtifactSize(Gate):
    kind = "artifact_size"
    title = "Artifact small enough"
    help = "Are all files of the version together small enough?"
    parameters_class = SizeParameters

    def check_parameters(self, parameters: SizeParameters) -> None:
        bytes_of(parameters.at_most_bytes)

    def check(self, candidate: Side, baseline: Side | None, parameters: SizeParameters) -> Judged:
        size, limit = candidate.version.artifact_size, bytes_of(parameters.at_most_bytes)
        passed = size <= limit
        words = size_in_words if size_in_words(size) != size_in_words(limit) else _exact
        summary = f"{words(size)} {'≤' if passed else '>'} {words(limit)}"
        if not passed:
            largest = candidate.version.files.order_by("-size")[0]
            summary += f"; the largest file is {largest.path}, {size_in_words(largest.size)}"
        return Judged(
            Outcome.PASSED if passed else Outcome.FAILED,
            summary,
            {"bytes": size, "limit": limit},
            evidence=(candidate.version.artifact_digest,),
        )


def _exact(size: int) -> str:
    """For sizes that would look the same when rounded."""
    return f"{size:,} bytes"
