"""moto's S3 server over HTTP, in a process of its own; ends with who started it."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from config.child_program import end_with_parent
from registry.stores import s3_access
from tests.processes import wait_until

BUCKET = "models"
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "only-for-tests",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}


@contextmanager
def s3_server(folder: Path) -> Iterator[str]:
    """The endpoint of an empty server; its log is in `folder`."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with (folder / "s3.log").open("wb") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**os.environ, **CREDENTIALS},
            preexec_fn=end_with_parent(),  # noqa: PLW1509 - no thread of ours runs when servers are started
        )
    try:
        wait_until(lambda: answers(port))
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
        return True
    return False


class Bucket:
    """A fresh bucket on the server, seen directly: what a store wrote there, and what others do to it."""

    def __init__(self, endpoint: str, name: str = BUCKET) -> None:
        self.endpoint, self.name = endpoint, name
        self.client: Any = boto3.session.Session(
            CREDENTIALS["AWS_ACCESS_KEY_ID"], CREDENTIALS["AWS_SECRET_ACCESS_KEY"], region_name="us-east-1"
        ).client("s3", endpoint_url=endpoint, config=Config(retries={"total_max_attempts": 1}))
        self.client.create_bucket(Bucket=name)

    def keys(self) -> list[str]:
        return [entry["Key"] for entry in self.client.list_objects_v2(Bucket=self.name).get("Contents", [])]

    def uploads(self) -> list[str]:
        """Multipart uploads that were neither completed nor aborted."""
        return [entry["Key"] for entry in self.client.list_multipart_uploads(Bucket=self.name).get("Uploads", [])]

    def read(self, key: str) -> bytes:
        return self.client.get_object(Bucket=self.name, Key=key)["Body"].read()

    def write(self, key: str, content: bytes) -> None:
        self.client.put_object(Bucket=self.name, Key=key, Body=content)

    def stamp(self, key: str) -> Any:
        """Changes whenever the object is written."""
        return self.client.head_object(Bucket=self.name, Key=key)["LastModified"]

    def empty(self) -> None:
        for upload in self.client.list_multipart_uploads(Bucket=self.name).get("Uploads", []):
            self.client.abort_multipart_upload(Bucket=self.name, Key=upload["Key"], UploadId=upload["UploadId"])
        for key in self.keys():
            self.client.delete_object(Bucket=self.name, Key=key)


class Wire:
    """A way to a server that can be cut, as a network is."""

    def __init__(self, port: int) -> None:
        self._target, self.port = port, 0
        self.mend()

    def mend(self) -> None:
        """From now on it leads there, where it did before it was cut."""
        self._door = socket.create_server(("127.0.0.1", self.port))
        self.port = self._door.getsockname()[1]
        self._open: list[socket.socket] = [self._door]
        self._server = threading.Thread(target=self._serve, args=(self._door,), daemon=True)
        self._server.start()

    def cut(self) -> None:
        """From now on nobody answers, and what was under way breaks off."""
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()
        self._server.join(5)  # as long as it waits for a caller, the port isn't free

    def _serve(self, door: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = door.accept()
                far = socket.create_connection(("127.0.0.1", self._target))
                self._open += [near, far]
                for source, target in ((near, far), (far, near)):
                    threading.Thread(target=_pass_on, args=(source, target), daemon=True).start()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError), closing(target):
        while block := source.recv(65_536):
            target.sendall(block)


@pytest.fixture(scope="session")
def _s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bucket]:
    with s3_server(tmp_path_factory.mktemp("s3")) as endpoint:
        yield Bucket(endpoint)


@pytest.fixture
def bucket(_s3: Bucket, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    """An empty bucket on a real server, which this process's environment names as its S3."""
    use_endpoint(monkeypatch, _s3.endpoint)
    _s3.empty()
    yield _s3
    s3_access.client.cache_clear()


def use_endpoint(monkeypatch: pytest.MonkeyPatch, endpoint: str) -> None:
    for name, value in {**CREDENTIALS, "AWS_ENDPOINT_URL": endpoint}.items():
        monkeypatch.setenv(name, value)
    s3_access.client.cache_clear()
