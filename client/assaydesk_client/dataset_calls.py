"""Calls about datasets: pointers, locked bytes, inputs to predict on."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import cast

from assaydesk_client.answers import Dataset, DatasetVersion, Impact
from assaydesk_client.connection import Connection
from assaydesk_client.downloads import write_atomically
from assaydesk_client.paths import dataset_versions_path, every_item, quoted
from assaydesk_client.uploads import Progress, prepare


class DatasetCalls:
    """Datasets: create, point at, lock, fetch the inputs."""

    _connection: Connection

    def create_dataset(self, name: str, description: str = "") -> Dataset:
        return cast(Dataset, self._connection.post("/datasets", {"name": name, "description": description}))

    def impact(self, kind: str, thing: str) -> Impact:
        """What was built on one thing: kind dataset or base (name@number), commit, or feature."""
        return cast(Impact, self._connection.get("/impact", {kind: thing}))

    def datasets(self) -> Iterator[Dataset]:
        return every_item(lambda cursor: self._connection.get("/datasets", {"cursor": cursor}))

    def point_dataset(self, name: str, *, kind: str, location: str, pin: str) -> DatasetVersion:
        """Adds a dataset version by reference: kind git, dvc, table or object, pinned by commit or digest."""
        body = {"kind": kind, "location": location, "pin": pin}
        return cast(DatasetVersion, self._connection.post(dataset_versions_path(name), body))

    def lock_dataset(
        self,
        name: str,
        file: Path | str,
        *,
        id_column: str,
        target: str = "",
        positive: str = "",
        task: str = "binary",
        segments: Sequence[str] = (),
        weight: str = "",
        progress: Progress | None = None,
    ) -> DatasetVersion:
        """Hands a CSV or Parquet file over to the server, which keeps it locked. Needs the right to lock datasets.

        A text `s3://bucket/key` in the place of a path has the server fetch it, where its administrator allowed that.
        `positive`: the value of a binary target that counts as yes. Tasks: binary, multiclass, regression. `weight`:
        the column that says how much each row counts. Without a target the rows are locked as unlabelled.
        """
        params = {
            "id": id_column,
            "target": target or None,
            "unlabelled": None if target else "true",
            "task": task,
            "positive": positive or None,
            "segments": ",".join(segments) or None,
            "weight": weight or None,
        }
        address = dataset_versions_path(name)
        if isinstance(file, str):
            return cast(DatasetVersion, self._connection.post(address, {}, {**params, "from": file}))
        upload = prepare(file, _content_type(file), progress)
        return cast(DatasetVersion, self._connection.send_file("POST", address, upload, params))

    def download_inputs(self, name: str, version: int, target: Path) -> None:
        """Writes the locked dataset's ids and features (never the target) as CSV, to predict on."""
        address = f"{dataset_versions_path(name)}/{quoted(version)}/inputs"
        with self._connection.download(address) as pieces, write_atomically(target) as sink:
            sink.writelines(pieces)


def _content_type(file: Path) -> str:
    """What the file is, by its first bytes."""
    with file.open("rb") as opened:
        return "application/vnd.apache.parquet" if opened.read(4) == b"PAR1" else "text/csv"
