"""What pipelines find on a desk, and what they left there."""

from typing import Any

from accounts.actions import issue_token
from registry.actions import create_dataset
from registry.models import ArtifactFile, DatasetVersion, Model, Version
from tests import factories
from tests.factories import persona


def prepare(model: str, datasets: list[str]) -> str:
    """A model and datasets; a token that may write."""
    factories.model_named(model)
    for name in datasets:
        create_dataset(name, actor=persona("dana"))
    _, token = issue_token(persona("dana"), actor=None, scopes=["read", "write"], days=1, name="pipeline")
    return token


def registered(model: str, datasets: list[str]) -> dict[str, Any]:
    """The numbers given out, in order."""
    versions = Version.objects.filter(model__name=model)
    pinned = DatasetVersion.objects.order_by("number")
    return {
        "versions": sorted(versions.values_list("number", flat=True)),
        "counted": Model.objects.get(name=model).versions_registered,
        "pins": {name: list(pinned.filter(dataset__name=name).values_list("number", flat=True)) for name in datasets},
        "trained_on": sorted({version.trained_on.count() for version in versions}),
    }


def files(model: str) -> list[str]:
    return list(ArtifactFile.objects.filter(version__model__name=model).values_list("path", flat=True))
