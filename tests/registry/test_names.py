"""Names of models and datasets: plain, once in whatever case, never free again."""

import re
import string

import pytest
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.reasons import Conflict, Invalid
from audit.models import AuditEvent
from registry import actions
from registry.actions import create_dataset, create_model
from registry.models import Dataset, Model
from registry.queries import models_named
from tests.registry.conftest import registered

FIRST = string.ascii_letters + string.digits
NAMES = st.builds(
    lambda first, rest: first + rest, st.sampled_from(FIRST), st.text(st.sampled_from(FIRST + "._-"), max_size=127)
)
KINDS = pytest.mark.parametrize(("create", "table"), [(create_model, Model), (create_dataset, Dataset)])
quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def undone(call):
    """The call's result, with everything it stored taken back: examples mustn't see each other."""
    with transaction.atomic():
        result = call()
        transaction.set_rollback(True)
    return result


@KINDS
@quick
@given(name=NAMES)
def test_a_plain_name_is_taken_as_it_is(dana, create, table, name):
    assert undone(lambda: create(name, actor=dana)).name == name


@KINDS
@quick
@given(name=NAMES, chance=st.randoms(use_true_random=False))
def test_a_name_is_taken_in_whatever_case(dana, create, table, name, chance):
    other = "".join(chance.choice([letter.upper(), letter.lower()]) for letter in name)

    def both():
        create(name, actor=dana)
        with pytest.raises(Conflict) as refused:
            create(other, actor=dana)
        return refused.value.reason.code, table.objects.filter(name__iexact=name).count()

    assert undone(both) == ("name_taken", 1)


@KINDS
@quick
@given(name=st.text(max_size=140).filter(lambda text: not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}", text)))
def test_any_other_name_is_refused_and_nothing_stored(dana, create, table, name):
    with pytest.raises(Invalid) as refused:
        create(name, actor=dana)
    assert refused.value.reason.code == "bad_name"
    assert not table.objects.exists()


@KINDS
@pytest.mark.parametrize(
    "name",
    ["", " ", ".hidden", "-dash", "_low", "a b", "a/b", "a%2Fb", "..", "loan\n", "loan\0", "l\u043ean", "a" * 129, "ä"],
)
def test_a_name_that_could_mislead_is_refused(dana, create, table, name):
    with pytest.raises(Invalid):
        create(name, actor=dana)
    assert not table.objects.exists()
    assert not AuditEvent.objects.filter(verb__in=["model.created", "dataset.created"]).exists()


@KINDS
def test_the_database_is_the_last_judge_of_names(dana, create, table):
    create("loan", actor=dana)
    with pytest.raises(IntegrityError), transaction.atomic():
        table.objects.create(name="LOAN", created_by=dana)


def test_a_name_is_never_free_again(loan, dana):
    registered(loan, dana)
    with pytest.raises(ProtectedError):
        loan.delete()
    removing = [name for name in actions.__all__ if re.search("delete|remove|rename|drop", name)]
    assert removing == []


def test_a_model_is_found_in_whatever_case(loan):
    assert models_named("LOAN").get() == loan


def test_the_creator_is_the_first_owner(loan, dana):
    assert list(loan.owners.all()) == [dana]
    event = AuditEvent.objects.get(verb="model.created")
    assert (event.actor, event.subject_name, event.model_name) == ("dana", "loan", "loan")


@pytest.mark.parametrize(
    ("field", "value"), [("risk_tier", "extreme"), ("use_case", "x" * 201), ("primary_metric", "m" * 33)]
)
def test_a_field_that_can_not_be_is_refused_by_name(dana, field, value):
    with pytest.raises(Invalid, match=field) as refused:
        create_model("loan", actor=dana, **{field: value})
    assert refused.value.reason.code == f"bad_{field}"
    assert not Model.objects.exists()
