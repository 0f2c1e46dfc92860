from approvals.gates.base import Gate, Judged, Side
from approvals.models.gates import Outcome
from registry.actions.versions import manifest_digest
from registry.stores import store


class Integrity(Gate):
    kind = "integrity"
    title = "Artifact intact"
    waivable = False
    help = "Are the stored bytes what was registered? Every file is read again."

    def check(self, candidate: Side, baseline: Side | None, parameters: object) -> Judged:
        """Reads every byte again: what is stored must be what was registered."""
        files = list(candidate.version.files.all())
        damaged = [file.path for file in files if store().digest_now(file.sha256) != file.sha256]
        if damaged or manifest_digest(files) != candidate.version.artifact_digest:
            text = f"Changed or gone in the store: {', '.join(damaged) or 'the list of files'}."
            return Judged(Outcome.FAILED, text, {"damaged": damaged})
        size = sum(file.size for file in files)
        return Judged(
            Outcome.PASSED,
            f"{len(files)} file{'s' if len(files) != 1 else ''}, {size:,} bytes, as registered",
            {"artifact": candidate.version.artifact_digest},
            evidence=(candidate.version.artifact_digest,),
        )
