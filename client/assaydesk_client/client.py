"""The client: one method per call of the native API, grouped by topic."""

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from assaydesk_client.connection import Connection
from assaydesk_client.dataset_calls import DatasetCalls
from assaydesk_client.model_calls import ModelCalls
from assaydesk_client.promotion_calls import PromotionCalls
from assaydesk_client.record_calls import RecordCalls
from assaydesk_client.version_calls import VersionCalls


class Client(ModelCalls, VersionCalls, DatasetCalls, PromotionCalls, RecordCalls):
    """Speaks with one Assaydesk server on behalf of a token's owner.

    Every method raises a subclass of AssaydeskError: Refused (with the server's code and remedy), NotAllowed,
    PromotionMoved, Unreachable, Misuse. Use it as a context manager, or call `close`.
    """

    def __init__(self, url: str, token: str, *, pause: Callable[[float], None] = time.sleep) -> None:
        self._connection = Connection(url, token, pause=pause)

    @property
    def url(self) -> str:
        """The server's address, without a trailing slash."""
        return self._connection.url

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Client({self.url!r})"

    def close(self) -> None:
        """Ends the connections that are kept open between calls."""
        self._connection.close()
