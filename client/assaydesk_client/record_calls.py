"""Calls about what happened: a model's history, the audit record."""

from collections.abc import Iterator
from typing import Any

from assaydesk_client.answers import Term
from assaydesk_client.connection import Connection
from assaydesk_client.paths import every_item, model_path


class RecordCalls:
    """History and audit, read only."""

    _connection: Connection

    def history(self, model: str) -> Iterator[Term]:
        """What was live when, newest first."""
        return every_item(lambda cursor: self._connection.get(f"{model_path(model)}/history", {"cursor": cursor}))

    def audit_events(
        self,
        *,
        model: str | None = None,
        verb: str | None = None,
        actor: str | None = None,
        promotion: int | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Audit events, newest first."""
        wanted = {"model": model, "verb": verb, "actor": actor, "promotion": promotion}
        return every_item(lambda cursor: self._connection.get("/audit", {**wanted, "cursor": cursor}))
