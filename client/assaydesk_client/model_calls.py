"""Calls about models."""

from collections.abc import Iterator, Sequence
from typing import cast

from assaydesk_client.answers import AfterReview, Best, Comparison, Model, Production, RolledBack, Term
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

    def history(self, model: str, *, at: str | None = None) -> Iterator[Term]:
        """What was live when, newest first; with `at` (ISO 8601 with its offset), what was live at that moment."""
        path = f"{model_path(model)}/history"
        return every_item(lambda cursor: self._connection.get(path, {"at": at, "cursor": cursor}))

    def compare(
        self, model: str, versions: Sequence[int], *, dataset: str | None = None, baseline: int | None = None
    ) -> Comparison:
        """Two to six versions side by side on a locked dataset (name@number), against one of them.

        By default on the dataset that most of them were measured on, against what is live if it is among them.
        """
        query = {"versions": ",".join(map(str, versions)), "dataset": dataset, "baseline": baseline}
        return cast(Comparison, self._connection.get(f"{model_path(model)}/compare", query))

    def ask_comparison(
        self, model: str, versions: Sequence[int], *, dataset: str | None = None, baseline: int | None = None
    ) -> Comparison:
        """Has a worker compare what `compare` doesn't have yet; `wait_for_comparison` waits for it.

        Takes the right to contribute to the model or to review it.
        """
        body = {"versions": list(versions), "dataset": dataset, "baseline": baseline}
        sent = {name: value for name, value in body.items() if value is not None}
        return cast(Comparison, self._connection.post(f"{model_path(model)}/compare", sent))

    def best(
        self, model: str, *, metric: str | None = None, direction: str | None = None, dataset: str | None = None
    ) -> Best:
        """The version with the highest, lowest or nearest figure of a metric, whoever comes near; by default of the
        model's primary one in its own direction."""
        query = {"metric": metric, "direction": direction, "dataset": dataset}
        return cast(Best, self._connection.get(f"{model_path(model)}/best", query))

    def roll_back(
        self, model: str, *, reason: str, to: int | None = None, expected_live: int | None = None
    ) -> RolledBack:
        """Puts the previous version, or the one numbered `to`, back into Production at once.

        Refused with code `live_moved` when another version than `expected_live` is live by now; without it and `to`
        with code `just_rolled_back` within ten minutes of the last rollback.
        """
        body = {"reason": reason, "to": to, "expected_live": expected_live}
        return cast(RolledBack, self._connection.post(f"{model_path(model)}/rollback", body))

    def take_down(self, model: str, *, reason: str, expected_live: int | None = None) -> Production:
        """Takes everything of the model out of Production, without successor."""
        body = {"reason": reason, "expected_live": expected_live}
        return cast(Production, self._connection.post(f"{model_path(model)}/take-down", body))

    def after_reviews(self, *, model: str | None = None, undecided: bool = False) -> Iterator[AfterReview]:
        """Looks afterwards at what was done without asking first, newest first."""
        query = {"model": model, "undecided": "true" if undecided else None}
        return every_item(lambda cursor: self._connection.get("/after-reviews", {**query, "cursor": cursor}))

    def decide_after_review(self, after_review: int, *, verdict: str, comment: str = "") -> AfterReview:
        """Says whether it was right (accepted) or what must follow (follow_up, with a comment)."""
        body = {"verdict": verdict, "comment": comment}
        return cast(AfterReview, self._connection.post(f"/after-reviews/{after_review}", body))
