"""How the registry's things are named on the record."""

from audit.actions import Subject
from registry.models import DatasetVersion, Model, Version


def model_subject(model: Model) -> Subject:
    return Subject("model", str(model.pk), model.name, model=model.name)


def version_subject(version: Version) -> Subject:
    return Subject("version", str(version.pk), str(version), model=version.model.name)


def dataset_subject(version: DatasetVersion) -> Subject:
    return Subject("dataset", str(version.pk), str(version))
