"""The record as a file: complete, in order, checkable, in constant memory, and itself on the record."""

import csv
import hashlib
import io
import json
import tracemalloc
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit import export as exporting
from audit.export import COLUMNS, export_events
from audit.models import AuditEvent
from audit.queries import Filters
from audit.spreadsheets import as_written
from registry.events import VERSION_REGISTERED
from tests.audit.conftest import happen
from tests.factories import persona

pytestmark = pytest.mark.django_db


def exported(form="jsonl", visible_models=None, **filters):
    """About the model loan unless told otherwise: a new installation has events of its own."""
    filters.setdefault("model", "loan")
    export = export_events(Filters(**filters), form=form, actor=None, visible_models=visible_models)
    return b"".join(export.content)


def lines_of(content):
    return [json.loads(line) for line in content.decode().split("\n")[:-1]]


def rows_of(content):
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def ids(content):
    return [line["id"] for line in lines_of(content)]


def test_each_line_holds_the_very_bytes_its_digest_is_of():
    happen(before={"stage": "Staging", "loss": -0.25}, after={"ä": ["=1", 1e-7]}, reason='Ja — \u2028\n"so"')
    happen()
    content = exported()
    stored = {event.pk: event for event in AuditEvent.objects.all()}
    for line, raw in zip(lines_of(content), content.split(b"\n"), strict=False):
        event = raw[raw.index(b'"event":') + len(b'"event":') : -1]
        assert hashlib.sha256(event).hexdigest() == line["digest"] == stored[line["id"]].digest
        # … and written again from what was read, as another program would.
        again = json.dumps(line["event"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert hashlib.sha256(again.encode()).hexdigest() == line["digest"]


def test_a_line_tells_everything_that_stands_in_the_row():
    event = happen(before={"a": 1}, after=["b"], reason="Because.")
    [line] = lines_of(exported())
    told = line["event"]
    assert told.pop("scheme") == 1
    assert datetime.fromtimestamp(0, UTC) + timedelta(microseconds=int(told.pop("at"))) == event.at
    assert told.pop("correlation") == str(event.correlation)
    assert told == {name: getattr(event, name) for name in told}
    assert {"actor", "verb", "subject_name", "model_name", "before", "after", "reason", "address"} <= told.keys()


def test_csv_tells_the_same_of_every_event():
    event = happen(before={"a": -1}, after=None, reason='=HYPERLINK("http://x")')
    [row] = rows_of(exported("csv"))
    assert tuple(row) == COLUMNS
    assert row["id"] == str(event.pk)
    assert row["reason"] == '\'=HYPERLINK("http://x")'
    read = {name: as_written(cell) for name, cell in row.items()}
    assert datetime.fromisoformat(read.pop("at")) == event.at
    event.refresh_from_db()
    assert datetime.fromisoformat(read.pop("stored_at")) == event.stored_at
    assert json.loads(read.pop("before")) == {"a": -1}
    assert read.pop("after") == ""
    assert read == {name: str(getattr(event, name)) for name in read}


def test_without_events_csv_still_names_its_columns():
    assert exported("csv").decode() == ",".join(COLUMNS) + "\r\n"
    # … and the next file tells of that one.
    assert [row["verb"] for row in rows_of(exported("csv"))] == ["audit.exported"]


@pytest.mark.parametrize("events", [4, 5, 6, 11])
def test_chunks_neither_skip_nor_repeat(monkeypatch, events):
    monkeypatch.setattr(exporting, "CHUNK", 5)
    there = [happen().pk for _ in range(events)]
    assert ids(exported()) == there


def test_what_happens_while_it_is_taken_is_not_in_it(monkeypatch):
    monkeypatch.setattr(exporting, "CHUNK", 2)
    there = [happen().pk for _ in range(5)]
    content = export_events(Filters("loan"), form="jsonl", actor=None, visible_models=None).content
    first = [next(content) for _ in range(3)]
    happen()
    assert ids(b"".join([*first, *content])) == there


def test_filters_narrow_as_on_the_page():
    with time_machine.travel(datetime(2026, 11, 20, 23, 59, 59, tzinfo=UTC), tick=False):
        early = happen(model="loan").pk
    midnight = datetime(2026, 11, 21, tzinfo=UTC)
    with time_machine.travel(midnight, tick=False):
        late, other = happen(model="loan").pk, happen(model="fare", verb=VERSION_REGISTERED).pk
    assert ids(exported(model="loan")) == [early, late]
    assert ids(exported(model="", verb="version.registered")) == [other]
    assert ids(exported(since=midnight, verb="model.created")) == [late]
    assert early in ids(exported(until=midnight))
    assert late not in ids(exported(until=midnight))
    assert ids(exported(model="", visible_models={"fare"})) == [other]
    assert ids(exported(model="", visible_models=set())) == []


def test_that_it_was_taken_is_on_the_record_before_the_first_byte():
    happen()
    newest = AuditEvent.objects.latest("id").pk
    since = datetime(2026, 11, 1, tzinfo=UTC)
    export_events(Filters(model="loan", since=since), form="csv", actor=persona("ana"), visible_models={"loan", "fare"})
    event = AuditEvent.objects.get(verb="audit.exported")
    assert (event.actor, event.model_name, event.subject_name) == ("ana", "loan", "the record")
    assert event.after["filters"] == {"model": "loan", "since": since.isoformat()}
    assert (event.after["form"], event.after["models"]) == ("csv", ["fare", "loan"])
    assert event.after["through"] >= newest


def test_another_form_is_refused_and_leaves_no_trace():
    before = AuditEvent.objects.count()
    with pytest.raises(ValueError, match="csv, jsonl"):
        exported("xlsx")
    assert AuditEvent.objects.count() == before


def test_memory_is_a_small_part_of_a_long_record(monkeypatch):
    monkeypatch.setattr(exporting, "CHUNK", 5)
    for _ in range(300):
        happen(reason="x" * 20_000)
    export = export_events(Filters("loan"), form="jsonl", actor=None, visible_models=None)
    tracemalloc.start()
    size = sum(len(line) for line in export.content)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert size > 300 * 20_000
    assert most < size / 5


def test_it_asks_once_for_each_chunk(monkeypatch):
    monkeypatch.setattr(exporting, "CHUNK", 10)
    for _ in range(30):
        happen()
    export = export_events(Filters("loan"), form="jsonl", actor=None, visible_models=None)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        list(export.content)
    assert len(asked) == 4  # three chunks, and one that finds nothing more


# --- The command --------------------------------------------------------------------------------------


def commanded(*arguments):
    out = io.StringIO()
    call_command("audit", "export", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_writes_the_record_and_nothing_else():
    there = {happen(model=name).pk for name in ("loan", "fare")}
    assert there < set(ids(commanded().encode()))
    assert [row["model_name"] for row in rows_of(commanded("--format", "csv", "--model", "loan").encode())] == ["loan"]


def test_the_command_says_on_the_record_which_account_of_the_machine_ran_it(monkeypatch):
    monkeypatch.setattr("getpass.getuser", lambda: "root-of-box")
    commanded("--since", "2026-11-01", "--until", "2026-11-30", "--actor", "dana")
    event = AuditEvent.objects.get(verb="audit.exported")
    assert (event.actor, event.channel, event.after["account"]) == ("", "command", "root-of-box")
    assert event.after["filters"]["actor"] == "dana"
    assert event.after["filters"]["until"].startswith("2026-12-01T00:00")


def test_the_command_refuses_a_day_that_is_none():
    before = AuditEvent.objects.count()
    with pytest.raises(CommandError, match="soon"):
        commanded("--since", "soon")
    assert AuditEvent.objects.count() == before
