from approvals.gates.base import Gate, Judged, Side
from approvals.models.gates import Outcome
from registry.models import Version


class LineageComplete(Gate):
    kind = "lineage_complete"
    title = "Lineage complete"
    help = "Are code, training data and environment named and pinned?"

    def check(self, candidate: Side, baseline: Side | None, parameters: object) -> Judged:
        missing = _missing(candidate.version)
        if missing:
            text = (
                f"Not known: {', '.join(missing)}. Lineage is fixed with the version; register a new one that says it."
            )
            return Judged(Outcome.FAILED, text, {"missing": missing})
        return Judged(Outcome.PASSED, "Code, data and environment are pinned")


def _missing(version: Version) -> list[str]:
    known = {
        "code (repository and commit)": bool(version.code_repository and version.code_commit),
        "data (pinned dataset versions)": version.trained_on.exists(),
        "environment (Python and packages)": bool(
            version.environment.get("python") and version.environment.get("packages")
        ),
    }
    return [name for name, is_known in known.items() if not is_known]
