"""/healthz says that the process is up; /readyz says the truth about each part, and to strangers no more than that."""

import json
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
import time_machine
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.test import Client
from django.utils import timezone

from audit import guards
from config import readiness
from tests.factories import model_named, person, persona
from tests.s3_server import Wire, _s3, bucket, use_endpoint
from work.signs import Signing

__all__ = ["_s3", "bucket"]
pytestmark = pytest.mark.django_db
NAMES = ["database", "migrations", "audit", "queue", "gates", "mail", "sweeper", "store", "isolation"]


@pytest.fixture(autouse=True)
def all_well(monkeypatch, settings, tmp_path):
    """Every part does its work; each test stops one."""
    monkeypatch.setattr(readiness, "_last", None)
    settings.REQUIRE_ISOLATION = False
    settings.REDIS_URL = ""
    (tmp_path / "queue").mkdir()
    settings.CELERY = {"broker_transport_options": {"data_folder_out": str(tmp_path / "queue")}}
    Signing("gates", notes={"isolation": "bubblewrap"}).sign()
    Signing("mail", "sweeper").sign()


@pytest.fixture
def operator():
    model_named()
    client = Client()
    client.force_login(persona("omar"))
    return client


def ask(client=None, **query):
    return (client or Client()).get("/readyz", {"format": "json", **query})


def failed(client) -> dict[str, str]:
    """The parts that aren't well, with their reasons."""
    readiness._last = None
    response = ask(client)
    bad = {part["name"]: part["reason"] for part in response.json()["parts"] if not part["ok"]}
    assert response.status_code == (503 if bad else 200)
    assert response.json()["ready"] is not bad
    return bad


def test_the_process_is_up_as_long_as_it_answers_whatever_its_database_does(django_assert_num_queries):
    with django_assert_num_queries(0):
        response = Client().get("/healthz")
    assert (response.status_code, response.content) == (200, b"ok\n")


def test_all_well(operator):
    assert failed(operator) == {}
    assert [part["name"] for part in ask().json()["parts"]] == NAMES


def test_strangers_see_names_and_yes_or_no(operator, settings):
    settings.CELERY = {"broker_transport_options": {"data_folder_out": "/nowhere/secret"}}
    for who in (Client(), visitor := Client()):
        if who is visitor:
            visitor.force_login(person("ordinary"))
        response = ask(who)
        assert response.status_code == 503
        assert {frozenset(part) for part in response.json()["parts"]} == {frozenset({"name", "ok"})}
    assert "can't be written to" in failed(operator)["queue"]


def test_plain_text_is_for_people(operator):
    assert Client().get("/readyz").content.decode().splitlines() == [f"{name}: ok" for name in NAMES]
    assert "gates: ok (1 seen)" in operator.get("/readyz").content.decode()
    assert Client().get("/readyz", headers={"Accept": "application/json"}).json()["ready"] is True


def test_nothing_told_holds_a_password_and_the_log_has_what_is_not_told(operator, settings, monkeypatch, caplog):
    settings.REDIS_URL = "redis://:hunter2@127.0.0.1:1/0"

    def unlucky():
        raise RuntimeError("postgresql://desk:hunter2@db")

    monkeypatch.setitem(readiness.CHECKS, "store", unlucky)
    bad = failed(operator)
    assert set(bad) == {"queue", "store"}
    assert "hunter2" not in json.dumps(bad)
    assert "RuntimeError" in bad["store"]
    [logged] = [record for record in caplog.records if record.name == "config.readiness"]
    assert (logged.levelname, logged.getMessage()) == ("ERROR", "Looking whether store does its work failed")
    assert "in unlucky" in caplog.text


@pytest.mark.parametrize("part", ["gates", "mail", "sweeper"])
def test_a_worker_that_stopped_is_noticed_within_ninety_seconds(operator, part):
    from work.models import Sign

    Sign.objects.filter(part=part).update(seen_at=timezone.now() - timedelta(seconds=61))
    bad = failed(operator)
    assert set(bad) - {"isolation"} == {part}
    assert "At work" in bad[part]


@pytest.mark.parametrize("part", ["gates", "mail", "sweeper"])
def test_a_worker_that_was_stopped_a_moment_ago_is_not_said_to_be_away_for_longer(operator, part):
    Signing(part).stop()
    assert "No " in failed(operator)[part]
    assert "is there. Start one" in failed(operator)[part]
    assert "minute" not in failed(operator)[part]


def test_a_minute_without_any_sign_is_noticed(operator):
    with time_machine.travel(timezone.now() + timedelta(seconds=61)):
        assert set(failed(operator)) == {"gates", "mail", "sweeper"}


def test_a_migration_that_was_not_applied_is_named(operator):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'audit'")
    assert "audit.0001_initial" in failed(operator)["migrations"]


def test_a_record_without_its_guards_is_noticed(operator):
    with connection.cursor() as cursor:
        guards.remove(cursor)
    assert "migrate" in failed(operator)["audit"]


def test_redis_that_is_away_is_noticed(operator, settings):
    wire = Wire(0)
    wire.cut()
    settings.REDIS_URL = f"redis://127.0.0.1:{wire.port}/0"
    assert "Redis doesn't answer" in failed(operator)["queue"]


def test_redis_that_is_there_is_well(operator, settings, redis_url):
    settings.REDIS_URL = redis_url
    assert failed(operator) == {}


def test_a_store_that_can_not_be_written_to_is_noticed(operator, settings, tmp_path):
    (tmp_path / "file").write_text("")
    settings.ARTIFACT_DIR = tmp_path / "file" / "artifacts"
    assert "can't be written to" in failed(operator)["store"]


def test_s3_that_is_away_is_noticed(operator, settings, bucket, monkeypatch):
    settings.ARTIFACT_STORE = f"s3://{bucket.name}/desk"
    assert failed(operator) == {}
    wire = Wire(0)
    wire.cut()
    use_endpoint(monkeypatch, f"http://127.0.0.1:{wire.port}")
    assert set(failed(operator)) == {"store"}


@pytest.mark.parametrize(("isolation", "well"), [("bubblewrap", True), ("limits", False)])
def test_isolation_is_asked_of_the_workers_where_it_is_required(operator, settings, isolation, well):
    settings.REQUIRE_ISOLATION = True
    Signing("gates", notes={"isolation": isolation}).sign()
    assert ("isolation" not in failed(operator)) is well


def test_without_a_worker_nobody_knows_whether_models_can_be_isolated(operator, settings):
    settings.REQUIRE_ISOLATION = True
    Signing("gates").stop()
    assert {"gates", "isolation"} <= set(failed(operator))


def test_a_database_that_is_away_is_told_and_is_no_server_error(monkeypatch):
    def away(*_, **__):
        raise DatabaseError("could not connect to postgresql://desk:hunter2@db")

    monkeypatch.setattr("django.db.backends.utils.CursorWrapper.execute", away)
    client = Client()
    client.cookies["sessionid"] = "whatever"
    response = ask(client)
    assert response.status_code == 503
    told = {part["name"]: part["ok"] for part in response.json()["parts"]}
    assert (told["database"], told["queue"], told["store"]) == (False, True, True)
    assert b"hunter2" not in response.content


def test_asking_often_is_answered_from_the_last_look(monkeypatch):
    looks = []
    monkeypatch.setattr(readiness, "look", lambda: [looks.append(1), readiness.Finding("store", ok=True)][1:])
    for _ in range(5):
        ask()
    assert len(looks) == 1


def test_while_somebody_looks_at_what_hangs_nobody_else_waits_for_it(monkeypatch):
    monkeypatch.setattr(readiness, "look", lambda: [readiness.Finding("store", ok=True)])
    ask()
    asked_meanwhile = []

    def hanging() -> list[readiness.Finding]:
        asked_meanwhile.extend(readiness.findings())
        return [readiness.Finding("store", ok=False)]

    monkeypatch.setattr(readiness, "look", hanging)
    monkeypatch.setattr(readiness, "GOOD_FOR", -1.0)
    assert [found.ok for found in readiness.findings()] == [False]
    assert [found.ok for found in asked_meanwhile] == [True]


def test_the_terminal_tells_the_same_and_ends_with_a_status():
    out = StringIO()
    call_command("ready", stdout=out)
    assert "store      ok" in out.getvalue()
    with time_machine.travel(timezone.now() + timedelta(seconds=61)), pytest.raises(SystemExit) as ended:
        call_command("ready", stdout=(out := StringIO()))
    assert ended.value.code == 1
    assert "sweeper    failed" in out.getvalue()


def test_trying_out_leaves_nothing_in_the_queue_or_the_store(settings, tmp_path):
    ask()
    assert list((tmp_path / "queue").iterdir()) == []
    assert not [path for path in Path(settings.ARTIFACT_DIR).rglob("*") if path.is_file()]
