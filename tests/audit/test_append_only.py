"""Nobody changes what is on the record: not by the model, not past it, not by SQL."""

import pytest
from django.db import DatabaseError, connection, transaction

from audit.models import AppendOnly, AuditEvent

ANYWHERE = {
    "update": "UPDATE audit_auditevent SET reason = 'forged'",
    "update of one column nobody looks at": "UPDATE audit_auditevent SET stored_at = stored_at",
    "delete": "DELETE FROM audit_auditevent",
    "upsert": (
        "INSERT INTO audit_auditevent SELECT * FROM audit_auditevent WHERE true "
        "ON CONFLICT (id) DO UPDATE SET reason = 'forged'"
    ),
}
SQLITE = {
    "insert or replace": "INSERT OR REPLACE INTO audit_auditevent SELECT * FROM audit_auditevent",
    "replace": "REPLACE INTO audit_auditevent SELECT * FROM audit_auditevent",
    "update or ignore": "UPDATE OR IGNORE audit_auditevent SET reason = 'forged'",
    "update or replace of the key": "UPDATE OR REPLACE audit_auditevent SET id = id + 1",
}
POSTGRESQL = {
    "truncate": "TRUNCATE audit_auditevent",
    "truncate with all that hangs on it": "TRUNCATE audit_auditevent CASCADE",
    "delete as a replica would": "SET LOCAL session_replication_role = replica; DELETE FROM audit_auditevent",
}


def rows() -> list[tuple]:
    return list(AuditEvent.objects.order_by("id").values_list("id", "reason", "digest", "verb"))


def refuse(sql: str) -> None:
    before = rows()
    assert len(before) >= 2
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    assert rows() == before


@pytest.fixture(autouse=True)
def two_events(happened):
    return happened(), happened()


@pytest.mark.parametrize("sql", ANYWHERE.values(), ids=ANYWHERE)
def test_sql_can_not_change_the_record(sql):
    refuse(sql)


@pytest.mark.parametrize("recursive", ["ON", "OFF"])
@pytest.mark.parametrize("sql", SQLITE.values(), ids=SQLITE)
def test_sqlites_own_ways_round_a_trigger_are_closed(sql, recursive):
    if connection.vendor != "sqlite":
        pytest.skip("SQLite's dialect")
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA recursive_triggers={recursive}")
    refuse(sql)


@pytest.mark.parametrize("sql", POSTGRESQL.values(), ids=POSTGRESQL)
def test_postgresqls_own_ways_round_a_trigger_are_closed(sql):
    if connection.vendor != "postgresql":
        pytest.skip("PostgreSQL's dialect: run with --database=postgresql")
    refuse(sql)


@pytest.mark.parametrize(
    "change",
    [
        lambda event: AuditEvent.objects.update(reason="forged"),
        lambda event: AuditEvent.objects.filter(pk=event.pk).delete(),
        lambda event: AuditEvent.objects.bulk_update([event], ["reason"]),
        lambda event: event.save(),
        lambda event: event.save(force_update=True),
        lambda event: event.save(update_fields=["reason"]),
        lambda event: event.delete(),
    ],
    ids=["update", "delete", "bulk_update", "save", "save by force", "save of one field", "delete one"],
)
def test_the_model_refuses_before_the_database_is_asked(change, two_events):
    before = rows()
    two_events[0].reason = "forged"
    with pytest.raises(AppendOnly):
        change(two_events[0])
    assert rows() == before


@pytest.mark.parametrize(
    "change",
    [
        lambda event: AuditEvent._base_manager.update(reason="forged"),
        lambda event: AuditEvent._base_manager.filter(pk=event.pk).delete(),
        lambda event: AuditEvent.objects.all()._raw_delete("default"),
        lambda event: AuditEvent.objects.update_or_create(pk=event.pk, defaults={"reason": "forged"}),
        lambda event: event.save_base(raw=True),
        lambda event: AuditEvent.objects.bulk_create(
            [event], update_conflicts=True, unique_fields=["id"], update_fields=["reason"]
        ),
    ],
    ids=["base manager", "base delete", "raw delete", "update_or_create", "as fixtures are loaded", "bulk upsert"],
)
def test_ways_past_the_model_end_at_the_database(change, two_events):
    before = rows()
    two_events[0].reason = "forged"
    with pytest.raises((AppendOnly, DatabaseError)), transaction.atomic():
        change(two_events[0])
    assert rows() == before


def test_a_new_event_can_not_take_the_number_of_an_old_one(two_events):
    twin = AuditEvent.objects.get(pk=two_events[0].pk)
    twin._state.adding, twin.reason = True, "forged"
    with pytest.raises(DatabaseError), transaction.atomic():
        twin.save()
    assert AuditEvent.objects.get(pk=twin.pk).reason == ""


def test_new_events_are_taken_all_the_same(happened):
    before = AuditEvent.objects.count()
    happened()
    assert AuditEvent.objects.count() == before + 1
