"""Calls about versions: metadata, files, card, predictions."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from assaydesk_client.answers import ArtifactFile, CardRevision, Evaluation, ReportedMetric, Version
from assaydesk_client.connection import Connection
from assaydesk_client.downloads import write_atomically
from assaydesk_client.errors import Corrupted
from assaydesk_client.paths import artifact_path, model_path, version_path
from assaydesk_client.uploads import Progress, prepare


class VersionCalls:
    """Versions: register, upload, finalise, describe."""

    _connection: Connection

    def register_version(self, model: str, metadata: Mapping[str, Any]) -> Version:
        """Registers a version, open for uploads. `metadata` is the body as the API documents it."""
        return cast(Version, self._connection.post(f"{model_path(model)}/versions", metadata))

    def version(self, model: str, version: int) -> Version:
        return cast(Version, self._connection.get(version_path(model, version)))

    def upload_artifact(
        self,
        model: str,
        version: int,
        file: Path,
        *,
        path: str | None = None,
        progress: Progress | None = None,
    ) -> ArtifactFile:
        """Streams a file into the version, as `path` (default: the file's own name), with its digest."""
        upload = prepare(file, "application/octet-stream", progress)
        address = artifact_path(model, version, path or file.name)
        return cast(ArtifactFile, self._connection.send_file("PUT", address, upload))

    def finalize_version(self, model: str, version: int) -> Version:
        """Closes the version for good; `promotions` lists what the policy opened by itself."""
        return cast(Version, self._connection.post(f"{version_path(model, version)}/finalize", {}))

    def review_card(self, model: str, version: int, *, digest: str) -> Version:
        """Stands by the card whose digest was read. Refused with code `card_moved` when it is another one by now."""
        body = {"digest": digest}
        return cast(Version, self._connection.post(f"{version_path(model, version)}/card/review", body))

    def card(self, model: str, version: int, *, hugging_face: bool = False) -> str:
        """The newest card as it was written; as `hugging_face` reads it with figures and a `model-index` in it."""
        query = {"format": "huggingface"} if hugging_face else {}
        return self._connection.get_text(f"{version_path(model, version)}/card", query)

    def put_card(self, model: str, version: int, text: str) -> CardRevision:
        """Adds a card revision: YAML front matter and Markdown."""
        address = f"{version_path(model, version)}/card"
        return cast(CardRevision, self._connection.put_text(address, text, "text/markdown"))

    def hand_in_predictions(
        self, model: str, version: int, file: Path, *, dataset: str, progress: Progress | None = None
    ) -> Evaluation:
        """Sends a CSV file for a locked dataset (`name@1`); the server computes the metrics.

        Columns: `id,score` (binary), `id,prediction` (regression, or a class's label), or `id` and one per class.
        """
        upload = prepare(file, "text/csv", progress)
        address = f"{version_path(model, version)}/predictions"
        return cast(Evaluation, self._connection.send_file("POST", address, upload, {"dataset": dataset}))

    def report_metrics(
        self, model: str, version: int, *, dataset: str, metrics: Mapping[str, float]
    ) -> list[ReportedMetric]:
        """Notes what the pipeline measured itself on a dataset version (`name@1`): shown as reported, never ranked."""
        body = {"dataset": dataset, "metrics": dict(metrics)}
        return cast(list[ReportedMetric], self._connection.post(f"{version_path(model, version)}/metrics", body))

    def download_artifact(self, model: str, version: int, file: ArtifactFile, target: Path) -> None:
        """Writes one file of a version to `target`. On a wrong digest raises Corrupted and writes nothing."""
        digest = hashlib.sha256()
        with (
            self._connection.download(artifact_path(model, version, file["path"]), from_store=True) as pieces,
            write_atomically(target) as sink,
        ):
            for piece in pieces:
                digest.update(piece)
                sink.write(piece)
            if digest.hexdigest() != file["sha256"]:
                text = f"{file['path']} of {model} {version} doesn't match its recorded SHA-256."
                raise Corrupted(text, "Nothing was kept. Download it again; if it stays, tell the operator at once.")
