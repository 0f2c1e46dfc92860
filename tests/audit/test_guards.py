"""The triggers come back after every migration, and nothing starts without them."""

import importlib
import sys
from copy import copy

import pytest
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import DatabaseError, connection

from audit import guards
from audit.models import AuditEvent
from tests.audit.conftest import happen


def rebuild_the_table() -> None:
    """What a migration does that makes a column longer; SQLite writes the whole table anew for it."""
    old = AuditEvent._meta.get_field("address")
    new = copy(old)
    new.max_length = 128
    new.validators = []
    with connection.schema_editor() as editor:
        editor.alter_field(AuditEvent, old, new)


def forge() -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE audit_auditevent SET reason = 'forged'")


def test_guards_come_back_after_a_migration_that_rebuilds_the_table(own_database):
    def story():
        happen()
        rebuild_the_table()
        lost = guards.missing()
        call_command("migrate", verbosity=0)
        with pytest.raises(DatabaseError, match="append-only"):
            forge()
        return lost, guards.missing(), AuditEvent.objects.filter(reason="forged").count()

    lost, missing, forged = own_database.do(story)
    if connection.vendor == "sqlite":
        assert lost == {"audit_no_update", "audit_no_delete", "audit_no_replace"}
    assert missing == set()
    assert forged == 0


def test_without_guards_the_record_could_be_changed(own_database):
    """What the guards are worth: the same statement goes through once they are gone."""

    def story():
        happen()
        with connection.cursor() as cursor:
            guards.remove(cursor)
        forge()
        return AuditEvent.objects.exclude(reason="forged").count()

    assert own_database.do(story) == 0


@pytest.fixture
def one_guard_gone(db):
    with connection.cursor() as cursor:
        name = sorted(guards.missing() or guards._wanted())[0]
        where = "" if connection.vendor == "sqlite" else f" ON {guards.TABLE}"
        cursor.execute(f"DROP TRIGGER {name}{where}")
    return name


def test_start_is_refused_while_a_guard_is_missing(one_guard_gone):
    with pytest.raises(ImproperlyConfigured, match=rf"{one_guard_gone}.*run `python manage.py migrate`"):
        guards.assert_installed()


@pytest.fixture
def start_web(monkeypatch):
    """Imports the web application as a fresh process does."""

    def start():
        monkeypatch.delitem(sys.modules, "config.wsgi", raising=False)
        return importlib.import_module("config.wsgi").application

    return start


def test_the_web_application_refuses_to_start_while_a_guard_is_missing(one_guard_gone, start_web):
    with pytest.raises(ImproperlyConfigured, match=one_guard_gone):
        start_web()


def test_the_web_application_starts_with_all_guards_in_place(db, start_web):
    assert callable(start_web())


def test_checks_warn_of_a_missing_guard(one_guard_gone):
    warned = checks.run_checks(tags=[checks.Tags.database], databases=["default"])
    assert [warning.id for warning in warned] == ["audit.W001"]
    assert "migrate" in warned[0].hint


def test_checks_are_content_with_all_guards_in_place(db):
    assert checks.run_checks(tags=[checks.Tags.database], databases=["default"]) == []


def test_start_is_refused_on_a_database_without_tables(db, monkeypatch):
    monkeypatch.setattr(connection.introspection, "table_names", list)
    with pytest.raises(ImproperlyConfigured, match="no tables yet"):
        guards.assert_installed()


def test_a_trigger_switched_off_counts_as_missing(db):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite can't switch a trigger off")
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {guards.TABLE} DISABLE TRIGGER audit_no_change")
    assert guards.missing() == {"audit_no_change"}


def test_the_record_points_at_no_other_table():
    assert [field.name for field in AuditEvent._meta.get_fields() if field.is_relation] == []
