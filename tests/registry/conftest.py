import pytest

from registry.actions import NewVersion, add_artifact_file, create_model, finalise_version, register_version
from registry.models import Version
from tests.audit.own_database import _migrated, own_database
from tests.factories import persona

__all__ = ["_migrated", "own_database"]


@pytest.fixture
def dana(db):
    return persona("dana")


@pytest.fixture
def loan(dana):
    return create_model("loan", actor=dana)


def registered(model, actor, **facts) -> Version:
    """An open version without files."""
    return register_version(model, NewVersion(**{"format": "onnx", "features": ["amount"], **facts}), actor=actor)


def finalised(model, actor, **facts) -> Version:
    version = registered(model, actor, **facts)
    add_artifact_file(version, "model.onnx", [b"an artifact"], actor=actor)
    return finalise_version(version, actor=actor)


@pytest.fixture
def version(loan, dana) -> Version:
    return registered(loan, dana)
