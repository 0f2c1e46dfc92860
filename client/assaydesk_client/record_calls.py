"""Calls about what happened: a model's history, the audit record."""

from collections.abc import Iterator
from typing import Any, cast

from assaydesk_client.connection import Connection
from assaydesk_client.paths import model_path


class RecordCalls:
    """History and audit, read only."""

    _connection: Connection

    def history(self, model: str) -> dict[str, Any]:
        """What was live when, and every move between stages."""
        return cast(dict[str, Any], self._connection.get(f"{model_path(model)}/history"))

    def audit_events(self, *, model: str | None = None, verb: str | None = None) -> Iterator[dict[str, Any]]:
        """Audit events, newest first."""
        before: str | None = None
        while True:
            params = {"model": model, "verb": verb, "before": before}
            answer = self._connection.get("/audit", params)
            yield from answer["items"]
            before = answer.get("next_cursor")
            if not before:
                return
