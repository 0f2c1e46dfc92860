"""Any order of deeds: the real tables and a small account of the rules in plain Python always agree."""

import pytest
from django.db import connection
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from accounts.actions import create_person, grant_role
from accounts.roles import Role
from approvals.actions import publish_policy
from registry.models import Model, Stage, Version
from tests.approvals.lifecycle_deeds import Deeds
from tests.approvals.lifecycle_rules import POLICY


@pytest.fixture
def ruled(loan: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two versions before their reviewers: made once, for every order of deeds to begin with."""
    publish_policy("Loan", POLICY, actor=None, target_stage=Stage.PRODUCTION, model=loan)
    pat = create_person("pat", actor=None, name="Pat Second", email="pat@example.org")
    program = create_person("pipeline", actor=None, is_service=True)
    for role, who in ((Role.APPROVER, pat), (Role.CONTRIBUTOR, pat), (Role.CONTRIBUTOR, program)):
        grant_role(role, to=who, actor=None)
    assert not Version.objects.exists()
    first = Deeds()
    first.put_two_versions_before_their_reviewers()
    first.tables_say_what_the_rules_say()
    first.block.__exit__(None, None, None)
    monkeypatch.setattr(Deeds, "beginning", first.told)


def play(**how: object) -> None:
    unhurried = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    how = {"deadline": None, "suppress_health_check": unhurried, "database": None, **how}
    run_state_machine_as_test(Deeds, settings=settings(**how))  # type: ignore[arg-type]


# Shrinking a failure takes minutes here; the long test below does it.
def test_any_short_order_of_deeds_keeps_the_rules(ruled: None) -> None:
    play(max_examples=8, stateful_step_count=20, derandomize=True, phases=[Phase.generate])


@pytest.mark.slow
def test_any_long_order_of_deeds_keeps_the_rules(ruled: None) -> None:
    # What a server's own locks and types do to a deed shows in a few orders; which there are is the same on both.
    play(max_examples=60 if connection.vendor == "sqlite" else 15, stateful_step_count=40)
