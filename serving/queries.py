"""What is live: the answer serving systems resolve a model's name to."""

from typing import Any

from django.conf import settings

from accounts.reasons import NotFound
from registry.models import ArtifactFile, Model, Version
from registry.queries import current_arms


def production_of(model: Model) -> dict[str, Any]:
    """The arms of the current traffic plan, the primary one first. Raises NotFound when nothing is live."""
    arms = arms_of(model)
    if not arms:
        raise NotFound("nothing_live", f"Nothing of {model.name} is in Production.", "Promote a version first.")
    return {"model": model.name, "arms": arms}


def arms_of(model: Model) -> list[dict[str, Any]]:
    return [
        {
            "version": arm.version.number,
            "label": arm.version.label,
            "weight": arm.weight,
            "since": arm.live_since,
            "artifact": {
                "digest": arm.version.artifact_digest,
                "files": [_file(arm.version, file) for file in arm.version.files.all()],
            },
            "features": arm.version.features,
            "decision_threshold": arm.version.decision_threshold,
            "signature": arm.version.signature,
            "task": arm.version.task,
            "contract": arm.version.contract,
        }
        for arm in current_arms(model).prefetch_related("version__files")
    ]


def _file(version: Version, file: ArtifactFile) -> dict[str, Any]:
    address = f"/api/v1/models/{version.model.name}/versions/{version.number}/artifacts/{file.path}"
    return {"path": file.path, "size": file.size, "sha256": file.sha256, "url": settings.PUBLIC_URL + address}
