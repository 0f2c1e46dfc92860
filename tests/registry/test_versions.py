"""Registering versions: numbers without gap or double, labels once, and what can't be right refused."""

import pytest
from django.db import IntegrityError, transaction

from accounts.actions import create_person
from accounts.reasons import Conflict, Invalid
from audit.models import AuditEvent
from registry.actions import NewVersion, add_artifact_file, create_model, finalise_version, register_version
from registry.models import Model, Version
from tests.factories import persona
from tests.registry.conftest import finalised, registered


def test_versions_are_numbered_from_one(loan, dana):
    assert [registered(loan, dana).number for _ in range(3)] == [1, 2, 3]


def test_each_model_counts_for_itself(loan, dana):
    registered(loan, dana)
    assert registered(create_model("fare", actor=dana), dana).number == 1


def test_a_refused_registration_uses_up_no_number(loan, dana):
    finalised(loan, dana, label="1.0.0")
    with pytest.raises(Conflict):
        registered(loan, dana, label="1.0.0")
    assert registered(loan, dana, label="1.0.1").number == 2


def test_parallel_registrations_are_numbered_without_gap_or_double(own_database):
    def begin():
        dana = persona("dana")
        return create_model("loan", actor=dana).pk, dana

    pk, dana = own_database.do(begin)

    def register():
        return registered(Model.objects.get(pk=pk), dana).number

    numbers = own_database.together([register] * 12)
    assert sorted(numbers) == list(range(1, 13))
    assert own_database.do(lambda: Model.objects.get(pk=pk).versions_registered) == 12


def test_of_parallel_versions_with_one_label_one_is_finalised(own_database):
    def begin():
        dana = persona("dana")
        return create_model("loan", actor=dana).pk, dana

    pk, dana = own_database.do(begin)

    def finalise():
        return finalised(Model.objects.get(pk=pk), dana, label="1.0.0").label

    results = own_database.together([finalise] * 6)
    assert [result for result in results if not isinstance(result, Conflict)] == ["1.0.0"]
    assert own_database.do(lambda: Version.objects.filter(finalised_at__isnull=False).count()) == 1


def test_of_parallel_models_with_one_name_one_stays(own_database):
    dana = own_database.do(lambda: persona("dana"))
    results = own_database.together([lambda: create_model("loan", actor=dana).name] * 6)
    assert [result for result in results if not isinstance(result, Conflict)] == ["loan"]


def test_a_label_names_one_version_of_a_model(loan, dana):
    finalised(loan, dana, label="1.0.0")
    with pytest.raises(Conflict, match=r"labelled 1\.0\.0 already") as refused:
        registered(loan, dana, label="1.0.0")
    assert refused.value.reason.code == "label_taken"
    assert registered(create_model("fare", actor=dana), dana, label="1.0.0")


def test_a_version_that_was_never_finalised_keeps_its_label_from_nobody(loan, dana):
    failed = registered(loan, dana, label="1.0.0")
    assert finalised(loan, dana, label="1.0.0").number == 2
    add_artifact_file(failed, "model.onnx", [b"too late"], actor=dana)
    with pytest.raises(Conflict, match=r"labelled 1\.0\.0 already"):
        finalise_version(failed, actor=dana)
    assert not Version.objects.get(number=1).is_final


def test_the_database_itself_keeps_labels_of_final_versions_apart(loan, dana):
    finalised(loan, dana, label="1.0.0")
    other = finalised(loan, dana, label="1.0.1")
    with pytest.raises(IntegrityError), transaction.atomic():
        Version.objects.filter(pk=other.pk).update(label="1.0.0")


def test_any_number_of_versions_have_no_label(loan, dana):
    assert [registered(loan, dana).name for _ in range(2)] == ["v1", "v2"]


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"features": []}, "bad_features"),
        ({"features": ["amount", "amount"]}, "bad_features"),
        ({"task": "oracle"}, "unknown_task"),
        ({"decision_threshold": 1.01}, "bad_threshold"),
        ({"decision_threshold": -0.01}, "bad_threshold"),
        ({"decision_threshold": float("nan")}, "bad_threshold"),
        ({"code_commit": "main"}, "not_pinned"),
        ({"code_commit": "abc1234"}, "not_pinned"),
        ({"parameters": {"blob": "x" * 300_000}}, "metadata_too_large"),
        ({"tags": {str(number): "x" * 100 for number in range(3000)}}, "metadata_too_large"),
    ],
)
def test_what_can_not_be_right_is_refused_and_nothing_noted(loan, dana, facts, code):
    with pytest.raises(Invalid) as refused:
        registered(loan, dana, **facts)
    assert refused.value.reason.code == code
    assert not Version.objects.exists()
    assert Model.objects.get().versions_registered == 0


@pytest.mark.parametrize("threshold", [0, 1])
def test_the_ends_of_the_threshold_are_allowed(loan, dana, threshold):
    assert registered(loan, dana, decision_threshold=threshold).decision_threshold == threshold


def test_registering_on_behalf_of_somebody_is_on_the_record(loan, dana):
    pipeline = create_person("pipeline", actor=None, is_service=True)
    register_version(loan, NewVersion(format="onnx", features=["a"]), actor=pipeline, on_behalf_of=dana)
    event = AuditEvent.objects.get(verb="version.registered")
    assert (event.actor, event.on_behalf_of, event.subject_name) == ("pipeline", "dana", "loan v1")


def test_nobody_bars_a_reviewer_by_acting_in_their_name(loan, dana):
    pipeline = create_person("pipeline", actor=None, is_service=True)
    for actor, code in ((dana, "not_a_service"), (pipeline, "person_not_contributor")):
        with pytest.raises(Invalid) as refused:
            register_version(
                loan, NewVersion(format="onnx", features=["a"]), actor=actor, on_behalf_of=persona("riley")
            )
        assert refused.value.reason.code == code


@pytest.mark.parametrize(
    "wrong",
    [
        {"stage": "Production"},
        {"decision_threshold": 1.5},
        {"finalised_at": "2026-11-20T00:00Z", "artifact_digest": ""},
        {"number": 2},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_the_database_refuses_a_version_that_can_not_be(loan, dana, wrong):
    first, _ = registered(loan, dana), registered(loan, dana)
    with pytest.raises(IntegrityError), transaction.atomic():
        Version.objects.filter(pk=first.pk).update(**wrong)


def test_a_version_is_not_its_own_base(version):
    with pytest.raises(IntegrityError), transaction.atomic():
        Version.objects.filter(pk=version.pk).update(base_model=version)
