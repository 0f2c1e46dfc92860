"""Getting what a route names: fetching is asking for permission."""

from django.http import HttpRequest

from accounts.models import User
from accounts.reasons import Invalid, NotFound
from accounts.roles import VIEW
from api.auth import actor_of
from approvals.models import Promotion
from approvals.queries import fetch_promotion
from evidence.models import LockedDataset
from registry.models import DatasetVersion, Model, Version
from registry.queries import dataset_versions_named, fetch_model, fetch_version


def model_of(request: HttpRequest, name: str, permission: str = VIEW) -> Model:
    return fetch_model(name, actor=actor_of(request), permission=permission)


def version_of(request: HttpRequest, name: str, number: int, permission: str = VIEW) -> Version:
    return fetch_version(name, number, actor=actor_of(request), permission=permission)


def promotion_of(request: HttpRequest, promotion_id: int) -> Promotion:
    return fetch_promotion(promotion_id, actor=actor_of(request))


def dataset_version_of(reference: str) -> DatasetVersion:
    """Datasets belong to no model; whoever may see any model may name them."""
    found = dataset_versions_named(reference).select_related("locked").first()
    if found is None:
        raise NotFound("not_found", f"There is no dataset version {reference!r}.", "Write it as name@number.")
    return found


def locked_dataset_of(reference: str) -> LockedDataset:
    version = dataset_version_of(reference)
    locked = getattr(version, "locked", None)
    if locked is None:
        raise NotFound(
            "not_locked", f"{version} is a pointer; its bytes aren't kept here.", "Lock it by sending a CSV."
        )
    assert isinstance(locked, LockedDataset)
    return locked


def person_named(username: str) -> User | None:
    """The person somebody acts for; None for an empty name. Raises Invalid for who can't be acted for."""
    if not username:
        return None
    person = User.objects.filter(username=username, is_active=True, is_service=False).first()
    if person is None:
        raise Invalid("unknown_person", f"on_behalf_of: there is no active person named {username!r}.")
    return person
