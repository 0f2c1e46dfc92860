"""The artifact store full or out of reach in the middle: said clearly, nothing half-written, well again by itself."""

import hashlib
import resource
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.faults.calling import Answer, Caller
from tests.faults.staff import House, descendants
from tests.processes import wait_until
from tests.s3_server import Bucket, Wire

pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.xdist_group("house")]

MIB = 1024**2
#: More than two of the parts that an upload to S3 is sent in, of 8 MiB each.
FILE = b"some of a model " * (17 * MIB // 16)
SENT_BEFORE = 9 * MIB
MODEL = "uploaded"


@pytest.fixture(scope="module")
def caller(house: House) -> Caller:
    caller = Caller(house.url, house.desk.play("pipelines", "prepare", model=MODEL, datasets=[]))
    assert caller.call("POST", f"/models/{MODEL}/versions", {"format": "onnx", "features": ["amount"]}).status == 201
    return caller


def upload(caller: Caller, chunks: object = FILE) -> Answer:
    return caller.call("PUT", f"/models/{MODEL}/versions/1/artifacts/model.onnx", chunks, length=len(FILE))


def assert_refused_whole(house: House, answer: Answer) -> None:
    assert (answer.status, answer.told["code"]) == (503, "store_unusable")
    assert house.desk.play("pipelines", "files", model=MODEL) == []


def assert_taken(house: House, answer: Answer) -> None:
    assert (answer.status, answer.told["sha256"]) == (201, hashlib.sha256(FILE).hexdigest())
    assert house.desk.play("pipelines", "files", model=MODEL) == ["model.onnx"]


# --- S3 ---------------------------------------------------------------------------------------------


@pytest.fixture
def s3(request: pytest.FixtureRequest, at_work: bool) -> tuple[Bucket, Wire]:
    if not at_work:
        pytest.skip("The embedded set-up keeps artifacts in a folder; --database=postgresql keeps them in S3")
    way: tuple[Bucket, Wire] = request.getfixturevalue("s3_of_ours")
    return way


def test_an_upload_during_which_s3_goes_away_leaves_nothing_and_succeeds_when_it_is_back(
    house: House, caller: Caller, s3: tuple[Bucket, Wire]
) -> None:
    bucket, wire = s3

    def breaking_off() -> Iterator[bytes]:
        yield FILE[:SENT_BEFORE]
        wait_until(lambda: bool(bucket.uploads()))
        wire.cut()
        yield FILE[SENT_BEFORE:]

    try:
        assert_refused_whole(house, upload(caller, breaking_off()))
    finally:
        wire.mend()
    assert not any(key.endswith(hashlib.sha256(FILE).hexdigest()) for key in bucket.keys())  # noqa: SIM118 - no dict
    assert_taken(house, upload(caller))


def test_a_gate_during_which_s3_goes_away_is_run_when_it_is_back(house: House, s3: tuple[Bucket, Wire]) -> None:
    _, wire = s3
    with house.gates.standing_still():
        [opened] = house.desk.play("gates_at_work", "open_some", count=1)
        wire.cut()
    try:
        house.desk.play("gates_at_work", "until_one_failed_in_the_store", jobs=[opened["job"]])
    finally:
        wire.mend()
    [found] = house.desk.play("gates_at_work", "finished", promotions=[opened["promotion"]])
    assert (found["outcome"], found["finished"], found["evaluations"]) == ("passed", ["passed"], 1), found["summary"]
    assert found["attempts"] > 1


# --- A folder ---------------------------------------------------------------------------------------


@contextmanager
def no_room_for_more_than(size: int, house: House) -> Iterator[None]:
    """The web part's processes can't make a file any larger: what a full disk says, in the middle of it."""
    pids = [house.web.pid, *descendants(house.web.pid)]
    before = {pid: resource.prlimit(pid, resource.RLIMIT_FSIZE) for pid in pids}
    for pid, (_, hard) in before.items():
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        for pid, limits in before.items():
            resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)


def test_an_upload_that_fills_the_disk_leaves_nothing_and_succeeds_when_there_is_room(
    house: House, caller: Caller, at_work: bool
) -> None:
    if at_work:
        pytest.skip("At work artifacts are in S3; the run on SQLite keeps them in a folder")
    with no_room_for_more_than(len(FILE) - MIB, house):
        assert_refused_whole(house, upload(caller))
    assert not list((house.folder / "artifacts" / "incoming").iterdir())
    assert_taken(house, upload(caller))
