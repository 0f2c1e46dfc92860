from approvals.gates.base import Gate, Judged, Side
from approvals.models.gates import Outcome
from registry.labels import semantic_version
from registry.models import Version
from registry.signatures import breaking_changes, signature_of

SHOWN = 3


class SignatureCompatible(Gate):
    kind = "signature_compatible"
    title = "Signature compatible"
    help = (
        "Can callers of what is live call this version as they do now? Inputs removed, renamed, retyped, reordered or "
        "newly required, and changed outputs break them: such a version needs a higher MAJOR in its label."
    )
    rests_on = frozenset({"artifact", "baseline"})

    def check(self, candidate: Side, baseline: Side | None, parameters: object) -> Judged:
        evidence: tuple[str, ...] = (candidate.version.artifact_digest,)
        if baseline is None:
            return Judged(Outcome.PASSED, "Nothing is live to compare with.", evidence=evidence)
        evidence += (baseline.version.artifact_digest,)
        breaking = breaking_changes(signature_of(baseline.version), signature_of(candidate.version))
        if not breaking:
            text = f"Callers of {baseline.version} can call it as they do now"
            return Judged(Outcome.PASSED, text, evidence=evidence)
        said = "; ".join(breaking[:SHOWN]) + (f" and {len(breaking) - SHOWN} more" if len(breaking) > SHOWN else "")
        problem = _why_not_said(candidate.version, baseline.version)
        facts = [["Against", str(baseline.version)], *(["Breaks callers", change] for change in breaking)]
        return Judged(
            Outcome.FAILED if problem else Outcome.PASSED,
            f"Breaks callers of {baseline.version}: {said}. {problem or _said(candidate.version)}",
            {"breaking": breaking, "facts": facts},
            evidence=evidence,
        )


def _said(version: Version) -> str:
    return f"Its label {version.label} says so"


def _why_not_said(candidate: Version, baseline: Version) -> str:
    """Why the candidate's label doesn't announce a breaking change, with the remedy; "" when it does."""
    live, own = semantic_version(baseline.label), semantic_version(candidate.label)
    if live is None:
        label = f"the label {baseline.label}" if baseline.label else "no label"
        return (
            f"{baseline} has {label}, so no MAJOR can be compared with: keep the signature, or agree with its callers "
            "and have this gate waived."
        )
    if own is not None and own.major > live.major:
        return ""
    label = f"is labelled {candidate.label}" if candidate.label else "has no label"
    return f"That demands MAJOR {live.major + 1} or more; this version {label}. Register it as {live.major + 1}.0.0."
