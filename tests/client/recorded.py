"""Answers in the shapes of API v1."""

from typing import Any

MODEL = {
    "name": "loans",
    "description": "",
    "use_case": "",
    "endpoint": "",
    "risk_tier": "high",
    "primary_metric": "auc",
    "owners": ["dana"],
    "created_at": "2026-11-20T10:00:00Z",
    "url": "http://desk/models/loans/",
}


def version(**changes: Any) -> dict[str, Any]:
    return {"model": "loans", "version": 3, "label": "1.2.0", "stage": "None", "finalised": False} | changes


def gate(key: str, outcome: str, summary: str = "", **changes: Any) -> dict[str, Any]:
    running = {"share": 0.4, "word": "running the model"} if outcome == "pending" else None
    return {
        "key": key,
        "kind": key,
        "title": key.replace("_", " ").capitalize(),
        "outcome": outcome,
        "summary": summary,
        "provenance": "executed",
        "run": 1,
        "acknowledged_by": "",
        "progress": running,
    } | changes


def slot(key: str, filled_by: list[str] | None = None) -> dict[str, Any]:
    return {"slot": key, "title": key.capitalize(), "role": "reviewer", "count": 1, "filled_by": filled_by or []}


def promotion(state: str = "checking", **changes: Any) -> dict[str, Any]:
    return {
        "id": 7,
        "model": "loans",
        "version": 3,
        "label": "1.2.0",
        "from_stage": "Staging",
        "to_stage": "Production",
        "state": state,
        "state_title": state.replace("_", " ").capitalize(),
        "reason": "ranks better",
        "requested_by": "dana",
        "gates": [],
        "checklist": [
            {"item": "cost", "text": "Cost is known", "slot": "risk", "ticked_by": "", "at": None},
            {"item": "timing", "text": "The time is right", "slot": "risk", "ticked_by": "sam", "at": "now"},
        ],
        "slots": [slot("model", filled_by=["riley"]), slot("risk")],
        "reviews": [],
        "seal": "seal-one",
        "url": "http://desk/promotions/7/",
    } | changes


def production(files: list[dict[str, Any]]) -> dict[str, Any]:
    arm = {
        "version": 3,
        "label": "1.2.0",
        "weight": 100,
        "since": "2026-11-20T10:00:00Z",
        "artifact": {"digest": "sha256:abc", "files": files},
        "features": ["a"],
        "decision_threshold": 0.5,
        "signature": {},
    }
    return {"model": "loans", "arms": [arm]}
