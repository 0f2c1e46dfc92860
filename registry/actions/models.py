from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.models import User
from accounts.reasons import Conflict, Invalid
from audit.actions import record
from registry import events
from registry.models import Model
from registry.subjects import model_subject


@transaction.atomic
def create_model(name: str, *, actor: User, **fields: Any) -> Model:
    """A new model. Its creator becomes its first owner (a contact; it gives no right).

    Raises Invalid for a bad name or field and Conflict for a name that is taken, in whatever case.
    """
    model = Model(name=name, created_by=actor, **fields)
    try:
        model.clean_fields()
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise Invalid(f"bad_{field}", f"{field} {getattr(model, field)!r}: {messages[0]}") from error
    try:
        with transaction.atomic():
            model.save()
    except IntegrityError as error:
        raise Conflict("name_taken", f"There is already a model named {name} (in whatever case).") from error
    model.owners.add(actor)
    record(events.MODEL_CREATED, model_subject(model), actor=actor, after={"risk_tier": model.risk_tier})
    return model
