import pytest

from approvals.models import State
from registry.models import Model, Version
from tests import factories
from tests.approvals.judging import judge, promotion_with_gate, run_of


def live(loan: Model, **facts: object) -> Version:
    """What is in Production: inputs amount and age, unless told otherwise."""
    version = factories.version_of(loan, **{"features": ["amount", "age"], "label": "1.2.0", **facts})
    factories.evidence_of(version)
    promotion = factories.promotion_in(State.CHECKING, version=version)
    factories.finish_gates(promotion)
    factories.approve(promotion, factories.persona("riley"), slot="model")
    factories.approve(promotion, factories.persona("sam"), slot="risk")
    version.refresh_from_db()
    return version


def candidate(loan: Model, **facts: object) -> Version:
    return factories.version_of(loan, **facts)


def test_with_nothing_live_it_passes_saying_so(loan: Model) -> None:
    run = judge(candidate(loan), "signature_compatible")
    assert (run.outcome, run.summary) == ("passed", "Nothing is live to compare with.")


def test_the_same_signature_passes_whatever_the_label(loan: Model) -> None:
    live(loan, label="")
    run = judge(candidate(loan, features=["amount", "age"], label="whatever"), "signature_compatible")
    assert (run.outcome, run.summary) == ("passed", "Callers of loan v1 can call it as they do now")


@pytest.mark.parametrize("label", ["2.0.0", "v3.1.0", "2.0.0-rc.1"])
def test_a_breaking_change_that_the_label_announces_passes_and_is_shown(loan: Model, label: str) -> None:
    live(loan)
    run = judge(candidate(loan, features=["amount"], label=label), "signature_compatible")
    assert run.outcome == "passed"
    assert run.summary == f"Breaks callers of loan 1.2.0: input age removed. Its label {label} says so"
    assert run.details["breaking"] == ["input age removed"]


@pytest.mark.parametrize(
    ("label", "said"),
    [("1.3.0", "is labelled 1.3.0"), ("0.9.0", "is labelled 0.9.0"), ("", "has no label"), ("two", "is labelled two")],
)
def test_a_breaking_change_without_a_higher_major_fails_with_the_remedy(loan: Model, label: str, said: str) -> None:
    live(loan)
    run = judge(candidate(loan, features=["age", "amount"], label=label), "signature_compatible")
    assert run.outcome == "failed"
    assert run.summary == (
        "Breaks callers of loan 1.2.0: inputs reordered. "
        f"That demands MAJOR 2 or more; this version {said}. Register it as 2.0.0."
    )


@pytest.mark.parametrize(("label", "said"), [("champion", "the label champion"), ("", "no label")])
def test_a_live_version_without_a_readable_label_leaves_only_a_waiver(loan: Model, label: str, said: str) -> None:
    live(loan, label=label)
    run = judge(candidate(loan, features=["amount"], label="9.0.0"), "signature_compatible")
    assert run.outcome == "failed"
    assert f"has {said}, so no MAJOR can be compared with" in run.summary
    assert "waived" in run.summary


def test_many_changes_are_counted_in_the_summary_and_listed_in_full(loan: Model) -> None:
    live(loan, features=["a", "b", "c", "d", "e"])
    run = judge(candidate(loan, features=["z"], label="2.0.0"), "signature_compatible")
    assert "and 3 more" in run.summary
    assert len([fact for fact in run.details["facts"] if fact[0] == "Breaks callers"]) == 6


def test_it_is_asked_again_when_something_else_goes_live(loan: Model) -> None:
    promotion = promotion_with_gate(candidate(loan, features=["amount"], label="1.3.0"), "signature_compatible")
    assert run_of(factories.run_gates(promotion)).outcome == "passed"
    # The other one comes by the model's general policy.
    from approvals.actions import publish_policy

    publish_policy("Asked", factories.PRODUCTION_POLICY, actor=None, target_stage="Production", model=loan)
    live(loan)
    run = run_of(factories.run_gates(promotion))
    assert (run.number, run.outcome) == (2, "failed")
