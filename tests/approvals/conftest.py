import pytest

from accounts.models import User
from accounts.roles import Role
from approvals.models import Promotion, State
from registry.models import Model, Version
from tests import factories
from tests.approvals.operating import put_live


@pytest.fixture
def loan(db: None) -> Model:
    """The model `loan`, with everybody's roles and both policies."""
    factories.personas()
    factories.policies()
    return factories.model_named("loan")


@pytest.fixture
def version(loan: Model) -> Version:
    """A version of `loan` in Staging with a complete card and good evidence."""
    version = factories.version_of(loan)
    factories.evidence_of(version)
    return version


@pytest.fixture
def in_review(version: Version) -> Promotion:
    """A promotion of `version` to Production whose gates have all passed; nobody has decided yet."""
    return factories.promotion_in(State.IN_REVIEW, version=version)


@pytest.fixture
def three(loan: Model) -> list[Version]:
    """Versions 1, 2 and 3 went live one after the other."""
    return [put_live(loan) for _ in range(3)]


@pytest.fixture
def pat(loan: Model) -> User:
    """A second approver."""
    return factories.person("Pat Second", Role.APPROVER)
