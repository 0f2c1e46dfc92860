"""Calls about models."""

from collections.abc import Iterator
from typing import cast

from assaydesk_client.answers import Model, Production
from assaydesk_client.connection import Connection
from assaydesk_client.paths import every_item, model_path


class ModelCalls:
    """Models: create, look up, what is live."""

    _connection: Connection

    def create_model(self, name: str, **properties: str) -> Model:
        """Creates a model. Properties: description, use_case, endpoint, risk_tier, primary_metric."""
        return cast(Model, self._connection.post("/models", {"name": name, **properties}))

    def models(self) -> Iterator[Model]:
        """All models that the token's owner may see."""
        return every_item(lambda cursor: self._connection.get("/models", {"cursor": cursor}))

    def model(self, name: str) -> Model:
        return cast(Model, self._connection.get(model_path(name)))

    def production(self, model: str) -> Production:
        """What is live. Refused with code `nothing_live` when nothing is."""
        return cast(Production, self._connection.get(f"{model_path(model)}/production"))
