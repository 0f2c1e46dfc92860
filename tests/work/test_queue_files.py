"""The embedded queue: a message can be read whole from the moment it can be seen."""

import json
from pathlib import Path

import pytest
from kombu import Connection

from work import queue_files


@pytest.fixture
def channel(tmp_path: Path):
    queue_files.make_known()
    (tmp_path / "control").mkdir()
    options = {
        "data_folder_in": str(tmp_path),
        "data_folder_out": str(tmp_path),
        "control_folder": str(tmp_path / "control"),
    }
    with Connection("files://localhost//", transport_options=options) as connection:
        yield connection.channel()


def test_message_is_complete_when_it_gets_its_name(channel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    seen = []
    replace = Path.replace

    def watched(self: Path, target: Path) -> Path:
        seen.append((json.loads(self.read_text()), list(tmp_path.glob("*.msg"))))
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", watched)
    channel._put("gates", {"job": 7})
    assert seen == [({"job": 7}, [])]
    assert [json.loads(file.read_text()) for file in tmp_path.glob("*.gates.msg")] == [{"job": 7}]
    assert channel._get("gates") == {"job": 7}


def test_no_message_is_lost_or_doubled(channel):
    for number in range(3):
        channel._put("gates", {"job": number})
    assert sorted(channel._get("gates")["job"] for _ in range(3)) == [0, 1, 2]
