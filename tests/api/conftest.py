import pytest

from tests.api.caller import Caller
from tests.factories import model_named, persona, personas


@pytest.fixture
def people(db):
    return personas()


@pytest.fixture
def dana(people) -> Caller:
    """Dana's pipeline: a contributor's token that reads and writes."""
    return Caller(persona("dana"))


@pytest.fixture
def sam(people) -> Caller:
    return Caller(persona("sam"))


@pytest.fixture
def loan(people):
    return model_named("loan")


NEW_VERSION = {"format": "onnx", "features": ["amount"]}


@pytest.fixture
def opened(dana, loan) -> str:
    """The path of an open version of loan."""
    number = dana.post("/models/loan/versions", NEW_VERSION).json()["version"]
    return f"/models/loan/versions/{number}"
