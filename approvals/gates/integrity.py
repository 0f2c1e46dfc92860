from approvals.gates.base import Gate, Judged, Side
from approvals.models.gates import Outcome
from registry.actions.integrity import damaged_files


class Integrity(Gate):
    kind = "integrity"
    title = "Artifact intact"
    waivable = False
    help = "Are the stored bytes what was registered? Every file is read again."

    def check(self, candidate: Side, baseline: Side | None, parameters: object) -> Judged:
        """Reads every byte again: what is stored must be what was registered."""
        version = candidate.version
        if damaged := damaged_files(version):
            return Judged(Outcome.FAILED, f"Changed or gone in the store: {', '.join(damaged)}.", {"damaged": damaged})
        count = version.files.count()
        return Judged(
            Outcome.PASSED,
            f"{count} file{'s' if count != 1 else ''}, {version.artifact_size:,} bytes, as registered",
            {"artifact": version.artifact_digest},
            evidence=(version.artifact_digest,),
        )
