"""What is built on what, over any number of steps, and which versions a bug marks."""

import json
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.reasons import Invalid, NotFound
from accounts.roles import Role
from registry.actions import NewVersion, find_or_add_pointer, register_version
from registry.lineage import (
    Basis,
    basis_named,
    basis_of_base,
    basis_of_dataset,
    built_on,
    defects_of,
    directly_built_on,
)
from registry.models import Defect, Model, Version
from tests import factories
from tests.dashboard.browsing import queries_of
from tests.factories import persona

pytestmark = pytest.mark.django_db


@pytest.fixture
def loan() -> Model:
    factories.personas()
    return factories.model_named("loan")


def made(model: Model, **facts: Any) -> Version:
    """Registered and no more: nothing here asks for files."""
    told = {"format": "onnx", "features": ["amount"], **facts}
    return register_version(model, NewVersion(**told), actor=persona("dana"))


def pointer(name: str = "raw") -> Any:
    return find_or_add_pointer(name, kind="git", location="data", pin="a" * 40, actor=persona("dana"))


def reported(**of: Any) -> Defect:
    kind = {"dataset_version": "dataset", "code_commit": "commit", "base": "base"}[next(iter(of))]
    return Defect.objects.create(kind=kind, reason="Wrong.", reported_by=persona("sam"), **of)


def numbers(basis: Basis) -> set[int]:
    return set(Version.objects.filter(built_on(basis)).values_list("number", flat=True))


# --- Built on --------------------------------------------------------------------------------------------


def test_what_is_derived_from_a_version_is_built_on_its_data_over_any_number_of_steps(loan: Model) -> None:
    first = made(loan, trained_on=[pointer()])
    second = made(loan, base_model=first)
    made(loan, base_model=second)
    made(loan, trained_on=[pointer("other")])
    basis = basis_of_dataset(pointer())
    assert set(directly_built_on(basis).values_list("number", flat=True)) == {1}
    assert numbers(basis) == {1, 2, 3}
    assert numbers(basis_of_base(second)) == {2, 3}


def test_versions_of_one_commit_are_found_whatever_their_model(loan: Model) -> None:
    made(loan, code_repository="git", code_commit="b" * 40)
    made(factories.model_named("fare"), code_repository="git", code_commit="b" * 40)
    made(loan, code_repository="git", code_commit="c" * 40)
    found = Version.objects.filter(built_on(Basis("commit", "b" * 40)))
    assert {str(version) for version in found} == {"loan v1", "fare v1"}


FEATURES = ["amount", "Amount", "amount of loan", 'amount"', "größe", "a, b", "[", "back\\slash", "100%", "a_b"]


@pytest.mark.parametrize("name", FEATURES)
def test_a_feature_is_found_by_its_whole_name_and_by_no_part_of_it(loan: Model, name: str) -> None:
    for feature in FEATURES:
        made(loan, features=["first", feature, "last"])
        made(loan, features=[feature])
    expected = {version.number for version in Version.objects.all() if name in version.features}
    assert len(expected) == 2
    assert numbers(Basis("feature", name)) == expected


def test_a_text_that_looks_like_the_stored_list_finds_nothing(loan: Model) -> None:
    made(loan, features=['x", "amount', json.dumps(["amount"]), 'y, "amount"'])
    assert numbers(Basis("feature", "amount")) == set()


def test_a_base_that_is_not_registered_is_found_by_its_uri(loan: Model) -> None:
    first = made(loan, base_uri="hf://org/bert@abc")
    made(loan, base_model=first)
    assert numbers(Basis("base", "hf://org/bert@abc")) == {1, 2}
    assert numbers(Basis("base", "hf://org/bert")) == set()


def test_a_version_has_one_base_at_most(loan: Model) -> None:
    first = made(loan)
    with pytest.raises(Invalid, match="two bases"):
        made(loan, base_model=first, base_uri="hf://org/bert@abc")
    with pytest.raises(IntegrityError), transaction.atomic():
        Version.objects.create(
            model=loan,
            number=9,
            features=[],
            task="regression",
            registered_by=persona("dana"),
            base_model=first,
            base_uri="x",
        )


# --- Naming one -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("asked", [{}, {"dataset": " "}, {"dataset": "raw@1", "commit": "b" * 40}])
def test_one_thing_is_asked_about_at_a_time(loan: Model, asked: dict[str, str]) -> None:
    with pytest.raises(Invalid) as refused:
        basis_named(asked, actor=persona("dana"))
    assert refused.value.reason.code == "name_one"


def test_what_can_not_be_meant_is_refused_with_the_remedy(loan: Model) -> None:
    with pytest.raises(Invalid, match="full commit id"):
        basis_named({"commit": "b" * 7}, actor=persona("dana"))
    with pytest.raises(NotFound, match="name@number"):
        basis_named({"dataset": "raw@1"}, actor=persona("dana"))
    with pytest.raises(Invalid, match="300 characters"):
        basis_named({"feature": "x" * 301}, actor=persona("dana"))


def test_a_base_of_a_hidden_model_is_like_one_nobody_registered(loan: Model) -> None:
    made(factories.model_named("secret"))
    vera = factories.person("Vera", Role.VIEWER, model=loan)
    assert basis_named({"base": "secret@1"}, actor=persona("dana")).base is not None
    hidden = basis_named({"base": "secret@1"}, actor=vera)
    assert (hidden.base, hidden) == (None, basis_named({"base": "secret@1"}, actor=vera))
    assert basis_named({"base": "secret@2"}, actor=persona("dana")).base is None


# --- Defects --------------------------------------------------------------------------------------------


def test_a_bug_marks_everything_built_on_it_and_nothing_else(loan: Model) -> None:
    first = made(loan, trained_on=[pointer()], code_repository="git", code_commit="b" * 40)
    second = made(loan, base_model=first)
    third = made(loan, base_model=second, trained_on=[pointer("other")])
    clean = made(loan)
    data, commit, base = (
        reported(dataset_version=pointer()),
        reported(code_commit="b" * 40),
        reported(base=second),
    )
    other = reported(dataset_version=pointer("other"))
    found = {pk: set(defects) for pk, defects in defects_of(Version.objects.all()).items()}
    assert found == {
        first.pk: {data, commit},
        second.pk: {data, commit, base},
        third.pk: {data, commit, base, other},
    }
    assert clean.pk not in found
    Defect.objects.update(cleared_at=timezone.now(), cleared_by=persona("sam"), cleared_because="Mended.")
    assert defects_of(Version.objects.all()) == {}


def test_versions_without_a_commit_are_not_marked_by_one_another(loan: Model) -> None:
    made(loan)
    reported(code_commit="b" * 40)
    reported(dataset_version=pointer())
    assert defects_of(Version.objects.all()) == {}
    assert defects_of(Version.objects.none()) == {}


def test_the_number_of_queries_grows_with_nothing(loan: Model) -> None:
    first = made(loan, trained_on=[pointer()])
    assert queries_of(lambda: defects_of(Version.objects.all())) == 1
    reported(dataset_version=pointer())
    assert queries_of(lambda: defects_of(Version.objects.all())) == 2
    for _ in range(5):
        first = made(loan, base_model=first)
    reported(base=first)
    assert queries_of(lambda: defects_of(Version.objects.all())) == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "dataset"},
        {"kind": "commit"},
        {"kind": "base"},
        {"kind": "commit", "code_commit": "b" * 40, "reason": ""},
        {"kind": "commit", "code_commit": "b" * 40, "cleared_at": timezone.now()},
        {"kind": "feature", "code_commit": "b" * 40},
    ],
)
def test_the_database_takes_no_half_defect(loan: Model, wrong: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Defect.objects.create(**{"reason": "Wrong.", "reported_by": persona("sam"), **wrong})


def test_one_thing_has_one_open_bug(loan: Model) -> None:
    of = ({"dataset_version": pointer()}, {"code_commit": "b" * 40}, {"base": made(loan)})
    for thing in of:
        first = reported(**thing)
        with pytest.raises(IntegrityError), transaction.atomic():
            reported(**thing)
        first.cleared_at, first.cleared_by, first.cleared_because = timezone.now(), persona("sam"), "Mended."
        first.save()
        reported(**thing)
