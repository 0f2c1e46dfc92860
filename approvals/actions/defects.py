"""Saying that something versions rest on has a bug, and that it has none any more."""

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.access import as_of_now
from accounts.models import User
from accounts.reasons import Conflict, demand, refuse_if
from approvals import defect_letters
from approvals.defect_permissions import why_not_clear_defect, why_not_report_defect
from approvals.defects import Touched, promotions_held_by, touched_by
from approvals.impact import resting_versions
from approvals.models import Promotion, State
from audit.actions import Subject, record
from audit.verbs import Verb
from registry import events
from registry.lineage import Basis, basis_of_defect, open_defect_of
from registry.models import Defect, Model


@transaction.atomic
def report_defect(basis: Basis, *, actor: User, reason: str) -> Defect:
    """Holds the promotions of every version that rests on it, and those that a gate judges on it, until somebody
    clears the bug.

    The owners of the models that it touches get one letter each. Raises Forbidden for who may not, Conflict for a
    thing that can't have one or has an open bug already, Invalid without a reason.
    """
    _lock_models(basis)
    refuse_if(why_not_report_defect(basis, as_of_now(actor)))
    reason = demand(reason, f"Say what is wrong with {basis}.")
    defect = Defect(
        kind=basis.kind,
        dataset_version=basis.dataset_version,
        code_commit=basis.text if basis.kind == "commit" else "",
        base=basis.base,
        reason=reason,
        reported_by=actor,
    )
    try:
        with transaction.atomic():
            defect.save()
    except IntegrityError as error:
        raise _reported_already(basis) from error
    touched = touched_by(basis)
    _record(events.DEFECT_REPORTED, defect, touched, actor=actor, reason=reason)
    defect_letters.tell_reported(defect, touched)
    return defect


@transaction.atomic
def clear_defect(defect: Defect, *, actor: User, reason: str) -> Defect:
    """What only this bug held is completed within moments, if every approval still counts.

    Raises Forbidden for who may not, Conflict for one that is cleared already, Invalid without a reason.
    """
    basis = basis_of_defect(defect)
    _lock_models(basis)
    related = ("dataset_version__dataset", "base__model", "reported_by", "cleared_by")
    defect = Defect.objects.select_for_update(of=("self",)).select_related(*related).get(pk=defect.pk)
    refuse_if(why_not_clear_defect(defect, as_of_now(actor)))
    reason = demand(reason, f"Say why {basis} has no bug any more, or never had.")
    defect.cleared_by, defect.cleared_at, defect.cleared_because = actor, timezone.now(), reason
    defect.save(update_fields=["cleared_by", "cleared_at", "cleared_because"])
    held = list(promotions_held_by(basis).values_list("pk", flat=True))
    Promotion.objects.filter(pk__in=held, state=State.APPROVED).update(look_again_at=defect.cleared_at)
    touched = touched_by(basis)
    _record(events.DEFECT_CLEARED, defect, touched, actor=actor, reason=reason)
    defect_letters.tell_cleared(defect, touched)
    return defect


def _lock_models(basis: Basis) -> None:
    """From here on nobody can complete a promotion of a model that it touches."""
    models = set(resting_versions(basis).order_by().values_list("model", flat=True))
    models |= {promotion.version.model_id for promotion in promotions_held_by(basis)}
    list(Model.objects.select_for_update().filter(pk__in=models).order_by("pk"))


def _reported_already(basis: Basis) -> Conflict:
    there = open_defect_of(basis)
    who = there.reported_by.display_name if there else "Somebody"
    said = f"{who} has reported a bug in {basis} already."
    return Conflict("reported", said, "Clear that one before you report another.", defect=there and there.pk)


def _record(verb: Verb, defect: Defect, touched: Touched, *, actor: User, reason: str) -> None:
    """One event for each model that it touches, so that its own record tells it; one without a model where there is
    none. What is wrong with a base is on the record of its own model only."""
    numbers: dict[Model, dict[str, list[int]]] = {}
    for how, versions in (("held", touched.held), ("measured", touched.measured)):
        for version in versions:
            numbers.setdefault(version.model, {}).setdefault(how, []).append(version.number)
    if not numbers:
        record(verb, Subject("defect", str(defect.pk), defect.thing), actor=actor, reason=reason)
    for model, told in numbers.items():
        subject = Subject("defect", str(defect.pk), defect.thing_beside(model), model=model.name)
        said = reason if defect.is_named_beside(model) else ""
        before, after = (None, told) if defect.is_open else (told, None)
        record(verb, subject, actor=actor, before=before, after=after, reason=said)
