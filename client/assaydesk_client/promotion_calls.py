"""Calls about promotions: open, follow, review."""

from collections.abc import Iterator, Sequence
from typing import Any, cast

from assaydesk_client.answers import Promotion, PromotionLine
from assaydesk_client.connection import Connection
from assaydesk_client.paths import every_item, promotion_path, quoted, version_path


class PromotionCalls:
    """Promotions. Every call that changes one answers with the whole of it as it is afterwards."""

    _connection: Connection

    def open_promotion(
        self,
        model: str,
        version: int,
        *,
        to: str,
        reason: str,
        on_behalf_of: str | None = None,
        not_before: str | None = None,
    ) -> Promotion:
        """Asks for a version to be moved to a stage ("Staging", "Production"); not before a moment, if one is named
        (ISO 8601 with its offset)."""
        body = {"to": to, "reason": reason}
        if not_before:
            body["not_before"] = not_before
        if on_behalf_of:
            body["on_behalf_of"] = on_behalf_of
        return self._change(f"{version_path(model, version)}/promotions", body)

    def promotions(self, *, state: str | None = None, model: str | None = None) -> Iterator[PromotionLine]:
        """Promotions that the token's owner may see, newest first."""
        return every_item(
            lambda cursor: self._connection.get("/promotions", {"state": state, "model": model, "cursor": cursor})
        )

    def promotion(self, promotion: int) -> Promotion:
        return cast(Promotion, self._connection.get(promotion_path(promotion)))

    def review_promotion(
        self,
        promotion: int,
        *,
        verdict: str,
        comment: str,
        seal: str,
        slot: str | None = None,
        ticks: Sequence[str] = (),
    ) -> Promotion:
        """Records a verdict (approve, request_changes, reject) on what `seal` stands for.

        Raises PromotionMoved, with nothing recorded, when the promotion's seal is another one by now.
        """
        body: dict[str, Any] = {"verdict": verdict, "comment": comment, "seal": seal}
        if slot:
            body["slot"] = slot
        if ticks:
            body["ticks"] = list(ticks)
        return self._change(f"{promotion_path(promotion)}/reviews", body)

    def tick(self, promotion: int, item: str, *, seal: str) -> Promotion:
        return self._change(f"{promotion_path(promotion)}/checklist/{quoted(item)}", {"seal": seal})

    def acknowledge_gate(self, promotion: int, gate: str, *, reason: str, digest: str) -> Promotion:
        """Takes note of an inconclusive gate, with a reason; approvals count only afterwards.

        `digest` is the gate's, as it was read. Raises PromotionMoved when it has another result by now.
        """
        body = {"reason": reason, "digest": digest}
        return self._change(f"{promotion_path(promotion)}/gates/{quoted(gate)}/acknowledge", body)

    def waive_gate(
        self, promotion: int, gate: str, *, reason: str, digest: str, expires_at: str | None = None
    ) -> Promotion:
        """An approver's exception for one failed outcome, the one with this `digest`."""
        body: dict[str, Any] = {"reason": reason, "digest": digest, "expires_at": expires_at}
        return self._change(f"{promotion_path(promotion)}/gates/{quoted(gate)}/waive", body)

    def report_gate(
        self, promotion: int, gate: str, *, outcome: str, summary: str, url: str = "", artifact: str = ""
    ) -> Promotion:
        """Hands in the answer (passed, failed) of an external check."""
        body = {"outcome": outcome, "summary": summary, "url": url, "artifact": artifact}
        return self._change(f"{promotion_path(promotion)}/gates/{quoted(gate)}/report", body)

    def rerun_gate(self, promotion: int, gate: str, *, reason: str) -> Promotion:
        return self._change(f"{promotion_path(promotion)}/gates/{quoted(gate)}/rerun", {"reason": reason})

    def withdraw_promotion(self, promotion: int, *, reason: str) -> Promotion:
        return self._change(f"{promotion_path(promotion)}/withdraw", {"reason": reason})

    def resubmit_promotion(self, promotion: int, *, answer: str) -> Promotion:
        return self._change(f"{promotion_path(promotion)}/resubmit", {"answer": answer})

    def restart_promotion(self, promotion: int, *, reason: str) -> Promotion:
        """Begins anew under the policy revision now in force."""
        return self._change(f"{promotion_path(promotion)}/restart", {"reason": reason})

    def take_over_promotion(self, promotion: int, *, reason: str) -> Promotion:
        """Steps in for a requester who left."""
        return self._change(f"{promotion_path(promotion)}/take-over", {"reason": reason})

    def _change(self, path: str, body: dict[str, Any]) -> Promotion:
        return cast(Promotion, self._connection.post(path, body))
