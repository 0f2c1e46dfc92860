"""The registry's things as the API answers them."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.utils import timezone

from accounts.access import may
from accounts.models import User
from accounts.roles import VIEW
from approvals.defect_permissions import is_hidden_from
from approvals.defects import defects_in_the_way, defects_of_evidence
from approvals.holds import holds_of
from approvals.impact import Impact
from approvals.models import AfterReview, Promotion, Review, State, Waiver
from approvals.seals import standing_waiver
from approvals.standing import Marks, acknowledgement_of, marks_of
from approvals.waiting import due_time
from evidence.models import Evaluation, MetricValue, ReportedMetric
from evidence.queries import reported_metrics
from registry.lineage import Basis, basis_of_defect, defects_of_version
from registry.models import DatasetVersion, Defect, Model, Version
from registry.queries import newest_card
from work.models import Job


def page_url(path: str) -> str:
    return f"{settings.PUBLIC_URL}/{path}"


def model_answer(model: Model) -> dict[str, Any]:
    fields = ("name", "description", "use_case", "endpoint", "risk_tier", "primary_metric", "created_at")
    return {
        **{name: getattr(model, name) for name in fields},
        "owners": [owner.username for owner in model.owners.all()],
        "url": page_url(f"models/{model.name}/"),
    }


_PLAIN = (
    *("label", "stage", "description", "task", "format", "features", "signature", "contract", "parameters"),
    *("framework", "environment", "decision_threshold", "run_id", "base_uri", "tags", "created_at", "finalised_at"),
)


def version_answer(version: Version, *, actor: User) -> dict[str, Any]:
    card = newest_card(version)
    files = [{"path": f.path, "size": f.size, "sha256": f.sha256} for f in version.files.all()]
    return {
        **{name: getattr(version, name) for name in _PLAIN},
        "model": version.model.name,
        "version": version.number,
        "finalised": version.is_final,
        "deprecated": version.deprecated_at is not None,
        "code": {"repository": version.code_repository, "commit": version.code_commit},
        "data": [data_answer(data) for data in version.trained_on.select_related("dataset").order_by("pk")],
        "base_model": _base_answer(version, actor),
        "registered_by": version.registered_by.username,
        "on_behalf_of": version.on_behalf_of.username if version.on_behalf_of else "",
        "artifact": {"digest": version.artifact_digest, "size": version.artifact_size, "files": files},
        "card": {"revision": card.number, "digest": card.digest, "reviewed": card.reviewed_at is not None}
        if card
        else None,
        "reported_metrics": [reported_metric_answer(each) for each in reported_metrics(version)],
        "defects": [
            *_defects(defects_of_version(version), version.model, actor, hold=True),
            *_defects(defects_of_evidence(version), version.model, actor, hold=False),
        ],
        "url": page_url(f"models/{version.model.name}/versions/{version.number}/"),
    }


def reported_metric_answer(reported: ReportedMetric) -> dict[str, Any]:
    return {
        "dataset": str(reported.dataset),
        "metric": reported.metric,
        "value": reported.value,
        "reported_by": reported.reported_by.username,
        "reported_at": reported.reported_at,
    }


def _defects(defects: Iterable[Defect], model: Model, actor: User, *, hold: bool) -> list[dict[str, Any]]:
    """As they are told beside a version of the model: of a base that the caller can't see only that it has one."""
    told = []
    for each in defects:
        if is_hidden_from(each, actor):
            answer = {"id": None, "thing": each.thing_beside(model), "reason": "", "reported_by": "", "url": ""}
        else:
            whole = defect_answer(each)
            answer = {name: whole[name] for name in ("id", "thing", "reason", "reported_by", "url")}
        told.append({**answer, "reported_at": each.reported_at, "holds": hold})
    return told


def _base_answer(version: Version, actor: User) -> int | str | None:
    """As it was sent; None also for a version of a model that the caller can't see."""
    base = version.base_model
    if base is None:
        return None
    if base.model_id == version.model_id:
        return base.number
    return f"{base.model.name}@{base.number}" if may(actor, VIEW, base.model) else None


def data_answer(data: DatasetVersion) -> dict[str, Any]:
    pointer = {"kind": data.kind, "location": data.location, "pin": data.pin}
    return {"name": data.dataset.name, "version": data.number, **pointer}


def dataset_version_answer(data: DatasetVersion) -> dict[str, Any]:
    answer = {"dataset": data.dataset.name, "version": data.number, "locked": False}
    answer |= {"kind": data.kind, "location": data.location, "pin": data.pin}
    locked = getattr(data, "locked", None)
    if locked is None:
        return answer
    return answer | {
        "locked": True,
        "rows": locked.rows,
        "digest": locked.digest,
        "task": locked.task,
        "target": locked.target or None,
        "positive": locked.positive_label or None,
        "classes": locked.classes or None,
        "segments": locked.segment_columns,
        "weight": locked.weight_column or None,
        "columns": locked.columns,
    }


VALUES = ("metric", "column", "segment", "value", "low", "high", "method", "n", "reason")


def evaluation_answer(evaluation: Evaluation) -> dict[str, Any]:
    values = evaluation.values.order_by("pk").values(*VALUES)
    return {
        "evaluation": evaluation.pk,
        "provenance": evaluation.provenance,
        "dataset": str(evaluation.dataset),
        "metrics": list(values),
    }


def best_answer(best: MetricValue, *, direction: str) -> dict[str, Any]:
    version = best.evaluation.version
    return {
        **version_line(version),
        "metric": best.metric,
        "direction": direction,
        "dataset": str(best.evaluation.dataset),
        "value": best.value,
        "n": best.n,
        "provenance": best.evaluation.provenance,
        "evaluation": best.evaluation_id,
    }


def dataset_impact_answer(data: DatasetVersion, impact: Impact) -> dict[str, Any]:
    answer = impact_answer(impact)
    versions = [{**line, "trained_on": line["named"]} for line in answer["versions"]]
    return answer | {"dataset": data.dataset.name, "version": data.number, "versions": versions}


def basis_impact_answer(basis: Basis, impact: Impact, defect: Defect | None) -> dict[str, Any]:
    told = defect_answer(defect) if defect is not None else None
    return impact_answer(impact) | {"kind": basis.kind, "thing": basis.text, "defect": told}


def defect_answer(defect: Defect) -> dict[str, Any]:
    basis = basis_of_defect(defect)
    plain = {name: getattr(defect, name) for name in ("id", "kind", "reason", "reported_at", "cleared_at")}
    return plain | {
        "thing": basis.text,
        "reported_by": defect.reported_by.username,
        "cleared_by": defect.cleared_by.username if defect.cleared_by else "",
        "cleared_because": defect.cleared_because,
        "url": page_url(f"lineage/impact/?{urlencode({basis.kind: basis.text})}"),
    }


def impact_answer(impact: Impact) -> dict[str, Any]:
    return {
        "models": [model.name for model in impact.models],
        "versions": [
            version_line(each.version)
            | {"named": each.named, "inherited": each.inherited, "evaluated_on": each.evaluated}
            for each in impact.versions
        ],
        "more_versions": impact.more_versions,
        "hidden": impact.hidden,
        "promotions": [promotion_line(promotion) for promotion in impact.promotions],
        "more_promotions": impact.more_promotions,
        "policies": [{"name": each.policy.name, "revision": each.number} for each in impact.policies],
    }


def version_line(version: Version) -> dict[str, Any]:
    return {
        "model": version.model.name,
        "version": version.number,
        "label": version.label,
        "stage": version.stage,
        "url": page_url(f"models/{version.model.name}/versions/{version.number}/"),
    }


def promotion_line(promotion: Promotion) -> dict[str, Any]:
    fields = ("id", "from_stage", "to_stage", "state", "opened_at")
    return {
        **{name: getattr(promotion, name) for name in fields},
        "due_at": due_time(promotion),
        "model": promotion.version.model.name,
        "version": promotion.version.number,
        "label": promotion.version.label,
        "requested_by": promotion.requested_by.username,
        "url": page_url(f"promotions/{promotion.pk}/"),
    }


def promotion_answer(promotion: Promotion, *, actor: User) -> dict[str, Any]:
    marks = marks_of(promotion)
    revision = promotion.policy_revision
    return {
        **promotion_line(promotion),
        "state_title": promotion.get_state_display(),
        "reason": promotion.reason,
        "on_behalf_of": promotion.on_behalf_of.username if promotion.on_behalf_of else "",
        "closed_at": promotion.closed_at,
        "closed_because": promotion.closed_because,
        "baseline": promotion.baseline.number if promotion.baseline else None,
        "expires_at": promotion.expires_at,
        "not_before": promotion.not_before,
        "held_by": _holds(marks),
        "defects": _defects(defects_in_the_way(promotion), promotion.version.model, actor, hold=True),
        "taken_over_by": [takeover.by.username for takeover in promotion.takeovers.all()],
        "policy": {"name": revision.policy.name, "revision": revision.number},
        "gates": _gates(marks),
        "checklist": _checklist(marks),
        "slots": _slots(marks),
        "reviews": [_review(review) for review in promotion.reviews.select_related("reviewer").order_by("at")],
        "seal": promotion.seal,
    }


def _holds(marks: Marks) -> list[str]:
    """What keeps an approved promotion from going live."""
    if marks.promotion.state != State.APPROVED:
        return []
    return [hold.text for hold in holds_of(marks, timezone.now())]


def after_review_answer(after_review: AfterReview) -> dict[str, Any]:
    plain = ("id", "cause", "subject", "reason", "opened_at", "due_at", "verdict", "comment", "decided_at")
    return {
        **{name: getattr(after_review, name) for name in plain},
        "model": after_review.model.name,
        "actor": after_review.actor.username,
        "promotion": after_review.promotion_id,
        "decided_by": after_review.decided_by.username if after_review.decided_by else "",
        "url": page_url(f"exceptions/#after-review-{after_review.pk}"),
    }


def _gates(marks: Marks) -> list[dict[str, Any]]:
    gates = []
    for run in marks.runs:
        running = run.job if run.outcome == "pending" else None
        acknowledged = acknowledgement_of(run)
        gates.append(
            {
                "key": run.key,
                "kind": run.kind,
                "title": marks.document.gate(run.key).shown_title,
                "outcome": run.outcome,
                "summary": run.summary,
                "provenance": run.provenance,
                "run": run.number,
                "digest": run.digest,
                "acknowledged_by": acknowledged.by.username if acknowledged else "",
                "waiver": _waiver(standing_waiver(run)),
                "progress": _progress(running) if running else None,
            }
        )
    return gates


def _waiver(waiver: Waiver | None) -> dict[str, Any] | None:
    if waiver is None:
        return None
    return {"by": waiver.by.username, **{name: getattr(waiver, name) for name in ("reason", "at", "expires_at")}}


def _progress(job: Job) -> dict[str, Any]:
    return {"share": job.progress, "word": job.word or job.get_state_display().lower()}


def _checklist(marks: Marks) -> list[dict[str, Any]]:
    lines = []
    for item in marks.document.checklist:
        tick = marks.ticks.get(item.key)
        who = {"ticked_by": tick.by.username if tick else "", "at": tick.at if tick else None}
        lines.append({"item": item.key, "text": item.text, "slot": item.slot, **who})
    return lines


def _slots(marks: Marks) -> list[dict[str, Any]]:
    return [
        {
            "slot": slot.key,
            "title": slot.title,
            "role": slot.role,
            "count": slot.count,
            "filled_by": [review.reviewer.username for review in marks.counting(slot)],
        }
        for slot in marks.document.slots
    ]


def _review(review: Review) -> dict[str, Any]:
    plain = {name: getattr(review, name) for name in ("verdict", "slot", "comment", "at")}
    return {"reviewer": review.reviewer.username, "standing": review.fell_at is None, **plain}
