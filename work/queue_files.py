"""The embedded queue: Celery's messages as files in a folder, each complete from the moment it has its name."""

import time
import uuid
from pathlib import Path
from typing import Any

from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.json import dumps

SCHEME = "files"


class Channel(filesystem.Channel):
    """kombu's own writes a message under its final name, so that a worker now and then reads half of one and dies."""

    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:  # type: ignore[override]  # as kombu's own does
        folder = Path(self.data_folder_out)
        name = f"{round(time.monotonic() * 1000)}_{uuid.uuid4()}"
        aside = folder / f"{name}.part"
        aside.write_text(dumps(payload))
        aside.replace(folder / f"{name}.{queue}.msg")


class Transport(filesystem.Transport):
    Channel = Channel


def make_known() -> None:
    """Lets broker addresses begin with `files://`."""
    TRANSPORT_ALIASES[SCHEME] = f"{__name__}:Transport"
