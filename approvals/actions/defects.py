"""Saying that something versions are built on has a bug, and that it has none any more."""

from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.access import as_of_now
from accounts.models import User
from accounts.reasons import Conflict, demand, refuse_if
from approvals import defect_letters
from approvals.defects import models_concerned, promotions_held_by, thing_beside, why_not_clear, why_not_mark
from approvals.impact import URGENCY, resting_versions
from approvals.models import Promotion, State
from audit.actions import Subject, record
from audit.verbs import Verb
from registry import events
from registry.lineage import Basis, basis_of_defect, open_defect_of
from registry.models import Defect, Model, Version


@transaction.atomic
def report_defect(basis: Basis, *, actor: User, reason: str) -> Defect:
    """Marks every version built on it, and holds their promotions back, until somebody clears the bug.

    The owners of their models get one letter each. Raises Forbidden for who may not, Conflict for a thing that can't
    be marked or has an open bug already, Invalid without a reason.
    """
    versions = _locked_with_models(basis)
    refuse_if(why_not_mark(basis, as_of_now(actor)))
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
    _record(events.DEFECT_REPORTED, defect, versions, actor=actor, reason=reason)
    defect_letters.tell_reported(defect, versions)
    return defect


@transaction.atomic
def clear_defect(defect: Defect, *, actor: User, reason: str) -> Defect:
    """Takes the marks away; what only they held back is completed within moments, if every approval still counts.

    Raises Forbidden for who may not, Conflict for one that is cleared already, Invalid without a reason.
    """
    basis = basis_of_defect(defect)
    versions = _locked_with_models(basis)
    related = ("dataset_version__dataset", "base__model", "cleared_by")
    defect = Defect.objects.select_for_update(of=("self",)).select_related(*related).get(pk=defect.pk)
    refuse_if(why_not_clear(defect, as_of_now(actor)))
    reason = demand(reason, f"Say why {basis} has no bug any more, or never had.")
    defect.cleared_by, defect.cleared_at, defect.cleared_because = actor, timezone.now(), reason
    defect.save(update_fields=["cleared_by", "cleared_at", "cleared_because"])
    held = promotions_held_by(basis).values_list("pk", flat=True)
    Promotion.objects.filter(pk__in=list(held), state=State.APPROVED).update(look_again_at=defect.cleared_at)
    _record(events.DEFECT_CLEARED, defect, versions, actor=actor, reason=reason)
    defect_letters.tell_cleared(defect, versions)
    return defect


def _locked_with_models(basis: Basis) -> list[Version]:
    """The versions that rest on it, live ones first, once nobody can complete a promotion of their models."""
    models = models_concerned(basis)
    models |= {promotion.version.model_id for promotion in promotions_held_by(basis)}
    list(Model.objects.select_for_update().filter(pk__in=models).order_by("pk"))
    found = resting_versions(basis).order_by(URGENCY, "-pk").prefetch_related("model__owners")
    return list(found)


def _reported_already(basis: Basis) -> Conflict:
    there = open_defect_of(basis)
    who = there.reported_by.display_name if there else "Somebody"
    said = f"{who} has reported a bug in {basis} already."
    return Conflict("reported", said, "Clear that one before you report another.", defect=there and there.pk)


def _record(verb: Verb, defect: Defect, versions: Iterable[Version], *, actor: User, reason: str) -> None:
    """One event for each model concerned, so that its own record tells it; one without a model where there is none."""
    concerned: dict[Model, list[int]] = {}
    for version in versions:
        concerned.setdefault(version.model, []).append(version.number)
    if not concerned:
        record(verb, Subject("defect", str(defect.pk), defect.thing), actor=actor, reason=reason)
    for model, numbers in concerned.items():
        subject = Subject("defect", str(defect.pk), thing_beside(defect, model), model=model.name)
        record(verb, subject, actor=actor, after={"versions": numbers}, reason=reason)
