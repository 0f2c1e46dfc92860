"""What an event holds, and when one may be written."""

import hashlib
import json
import uuid
from datetime import UTC, datetime

import pytest
import time_machine
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.actions import Subject, canonical_bytes, record
from audit.models import AuditEvent
from audit.origin import Origin, coming_from, note_token, present
from audit.verbs import REGISTERED, Verb, verb, wording_of
from registry.events import MODEL_CREATED
from tests.audit.conftest import happen

LOAN = Subject("model", "7", "loan", model="loan")
#: JSON as databases keep it: PostgreSQL takes no NUL, and no number it would write differently.
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


class Dana:
    username = "dana"
    display_name = "Dana Ortiz"


def test_an_unregistered_verb_is_refused(db):
    with pytest.raises(ValueError, match=r"model\.invented"), transaction.atomic():
        record(Verb("model.invented", "invented"), LOAN, actor=None)
    assert not AuditEvent.objects.filter(verb="model.invented").exists()


def test_a_verb_of_the_same_name_is_not_the_registered_one(db):
    with pytest.raises(ValueError, match="isn't registered"), transaction.atomic():
        record(Verb(MODEL_CREATED.name, "destroyed"), LOAN, actor=None)


def test_an_event_outside_a_transaction_is_refused(own_database):
    def story():
        with pytest.raises(RuntimeError, match="inside the transaction of its change"):
            record(MODEL_CREATED, LOAN, actor=None)
        return AuditEvent.objects.filter(verb=MODEL_CREATED.name).count()

    assert own_database.do(story) == 0


def test_a_change_that_is_undone_leaves_no_event(own_database):
    class ChangedMyMind(Exception):
        pass

    @transaction.atomic
    def change_and_think_again():
        record(MODEL_CREATED, LOAN, actor=None)
        raise ChangedMyMind

    def story():
        with pytest.raises(ChangedMyMind):
            change_and_think_again()
        return AuditEvent.objects.filter(verb=MODEL_CREATED.name).count()

    assert own_database.do(story) == 0


@time_machine.travel(datetime(2026, 11, 20, 9, 30, 0, 123456, tzinfo=UTC), tick=False)
def test_canonical_bytes_are_exactly_these(db):
    origin = Origin("token", "192.0.2.7", "ady_12345678", uuid.UUID("12345678-1234-5678-1234-567812345678"))
    with coming_from(origin), transaction.atomic():
        event = record(
            MODEL_CREATED, LOAN, actor=Dana(), on_behalf_of="riley", after={"tier": "hoch", "ä": [1, None]}, reason="n"
        )
    expected = (
        '{"actor":"dana","actor_name":"Dana Ortiz","address":"192.0.2.7","after":{"tier":"hoch","ä":[1,null]},'
        '"at":"1795167000123456","before":null,"channel":"token",'
        '"correlation":"12345678-1234-5678-1234-567812345678","model_name":"loan","on_behalf_of":"riley",'
        '"reason":"n","scheme":1,"subject_id":"7","subject_kind":"model","subject_name":"loan",'
        '"token":"ady_12345678","verb":"model.created"}'
    ).encode()
    stored = AuditEvent.objects.get(pk=event.pk)
    assert bytes(stored.canonical) == expected
    assert stored.digest == hashlib.sha256(expected).hexdigest()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=JSON, after=JSON, reason=TEXT)
def test_an_event_read_back_hashes_to_the_digest_on_record(db, before, after, reason):
    stored = AuditEvent.objects.get(pk=happen(before=before, after=after, reason=reason).pk)
    assert stored.digest == hashlib.sha256(bytes(stored.canonical)).hexdigest()
    assert canonical_bytes(stored) == bytes(stored.canonical)
    assert json.loads(bytes(stored.canonical))["after"] == after


@pytest.mark.parametrize("number", [0.1, 1e-7, 123456789.25, 2.0])
def test_a_number_with_a_fraction_reads_back_as_hashed(db, number):
    stored = AuditEvent.objects.get(pk=happen(after={"share": number}).pk)
    assert canonical_bytes(stored) == bytes(stored.canonical)


def test_every_fact_of_an_event_is_hashed(db):
    """A column that is not hashed could be forged unseen. Only what is known after hashing may be left out."""
    columns = {field.name for field in AuditEvent._meta.concrete_fields}
    hashed = set(json.loads(bytes(happen().canonical)))
    assert columns - hashed == {"id", "canonical", "digest", "stored_at"}
    assert hashed - columns == {"scheme"}


def test_assaydesk_itself_acts_without_a_username(db):
    event = happen()
    assert (event.actor, event.actor_name, event.channel) == ("", "Assaydesk", "command")


def test_events_of_one_act_share_a_correlation_and_acts_differ(db):
    with coming_from(Origin("browser")):
        one, other = happen(), happen()
    with coming_from(Origin("browser")):
        later = happen()
    assert one.correlation == other.correlation != later.correlation


def test_noting_a_token_ends_with_the_act():
    with coming_from(Origin("browser", "192.0.2.7")):
        note_token("ady_1")
        assert (present().channel, present().token, present().address) == ("token", "ady_1", "192.0.2.7")
    assert present().token == ""


def test_an_event_reads_as_a_sentence(db):
    assert str(happen()) == "Assaydesk created loan"


def test_a_subject_stands_where_the_wording_has_its_place(db, monkeypatch):
    moved = Verb("thing.moved", "put {} before its reviewers")
    monkeypatch.setitem(REGISTERED, moved.name, moved)
    with transaction.atomic():
        event = record(moved, LOAN, actor=None)
    assert str(event) == "Assaydesk put loan before its reviewers"
    assert (event.before_subject, event.after_subject) == ("put", "before its reviewers")


def test_a_verb_can_not_be_registered_twice():
    with pytest.raises(ValueError, match="registered twice"):
        verb(MODEL_CREATED.name, "made")
    assert REGISTERED[MODEL_CREATED.name].wording == "created"


def test_a_retired_verb_stays_readable():
    assert wording_of("model.once_known") == "model once known"


def test_writing_an_event_takes_one_statement(db, django_assert_num_queries):
    with transaction.atomic(), django_assert_num_queries(1):
        record(MODEL_CREATED, LOAN, actor=None)
    assert connection.in_atomic_block
