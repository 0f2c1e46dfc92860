"""The database's own refusal to change the record, whoever asks.

SQLite: `INSERT OR REPLACE` removes a row without a delete trigger firing, hence the insert guard; and a
migration that rebuilds the table drops its triggers without a word, hence the re-installation after every
migrate and the check at start. PostgreSQL: row triggers don't see TRUNCATE, hence the statement trigger, and
ALWAYS keeps them on under `session_replication_role=replica`. A table's owner can still drop triggers: give
the application's role INSERT and SELECT only (README, "At work").
"""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Warning
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

TABLE = "audit_auditevent"
_MESSAGE = "audit events are append-only"

_SQLITE = {
    "audit_no_update": f"BEFORE UPDATE ON {TABLE} BEGIN SELECT RAISE(ABORT, '{_MESSAGE}'); END",
    "audit_no_delete": f"BEFORE DELETE ON {TABLE} BEGIN SELECT RAISE(ABORT, '{_MESSAGE}'); END",
    "audit_no_replace": (
        f"BEFORE INSERT ON {TABLE} WHEN EXISTS (SELECT 1 FROM {TABLE} WHERE id = NEW.id) "  # noqa: S608  # constants
        f"BEGIN SELECT RAISE(ABORT, '{_MESSAGE}'); END"
    ),
}
_POSTGRESQL = {
    "audit_no_change": f"BEFORE UPDATE OR DELETE ON {TABLE} FOR EACH ROW",
    "audit_no_truncate": f"BEFORE TRUNCATE ON {TABLE} FOR EACH STATEMENT",
}


def install() -> None:
    """Puts every guard in place, replacing what is there."""
    with connection.cursor() as cursor:
        remove(cursor)
        if connection.vendor == "sqlite":
            for name, body in _SQLITE.items():
                cursor.execute(f"CREATE TRIGGER {name} {body}")
            return
        cursor.execute(
            "CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{_MESSAGE}'; END $$"
        )
        for name, when in _POSTGRESQL.items():
            cursor.execute(f"CREATE TRIGGER {name} {when} EXECUTE FUNCTION audit_refuse()")
            cursor.execute(f"ALTER TABLE {TABLE} ENABLE ALWAYS TRIGGER {name}")


def remove(cursor: Any) -> None:
    """Takes the guards away: for re-installation, and for tests that empty their own database."""
    for name in _wanted():
        where = "" if connection.vendor == "sqlite" else f" ON {TABLE}"
        cursor.execute(f"DROP TRIGGER IF EXISTS {name}{where}")


def missing() -> set[str]:
    """The names of guards that aren't in place."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s", [TABLE])
        else:
            cursor.execute("SELECT tgname FROM pg_trigger WHERE tgrelid = to_regclass(%s) AND tgenabled = 'A'", [TABLE])
        return set(_wanted()) - {row[0] for row in cursor.fetchall()}


def can_be_dropped() -> bool:
    """Whether the database role in use owns the record's table, or may act as its owner. False on SQLite, which has
    no roles."""
    if connection.vendor == "sqlite":
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_has_role(relowner, 'MEMBER') FROM pg_class WHERE oid = to_regclass(%s)", [TABLE])
        row = cursor.fetchone()
    return row is not None and bool(row[0])


def assert_installed() -> None:
    """Raises ImproperlyConfigured unless every guard is in place; called when the web application starts."""
    if TABLE not in connection.introspection.table_names():
        raise ImproperlyConfigured("The database has no tables yet: run `python manage.py migrate` first.")
    if absent := missing():
        raise ImproperlyConfigured(
            f"The audit record isn't guarded against change ({', '.join(sorted(absent))} missing): "
            "run `python manage.py migrate`, which puts the triggers back."
        )


def install_after_migrate(**_: object) -> None:
    if TABLE in connection.introspection.table_names() and missing():
        install()


def check_installed(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **_: Any
) -> list[CheckMessage]:
    if not databases or TABLE not in connection.introspection.table_names() or not missing():
        return []
    # A warning, because `migrate`, which mends it, would not run past an error.
    return [Warning("The audit table's triggers are missing.", hint="Run `manage.py migrate`.", id="audit.W001")]


def _wanted() -> list[str]:
    return list(_SQLITE if connection.vendor == "sqlite" else _POSTGRESQL)
