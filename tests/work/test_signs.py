"""Signs of life: a process that is there is seen, one that stopped isn't."""

from datetime import timedelta

import pytest
import time_machine
from django.db import DatabaseError, connection
from django.utils import timezone

from tests.audit.own_database import _migrated, own_database
from tests.processes import wait_until
from work.models import Sign
from work.signs import EVERY, GONE_AFTER, Signing, alive

__all__ = ["_migrated", "own_database"]
pytestmark = pytest.mark.django_db


def test_a_worker_is_seen_at_each_of_its_queues():
    Signing("gates", "mail", notes={"isolation": "limits"}).sign()
    assert [sign.notes for sign in alive("gates")] == [{"isolation": "limits"}]
    assert alive("mail").count() == 1
    assert not alive("sweeper").exists()


def test_a_process_that_stops_signing_is_gone_within_ninety_seconds():
    Signing("gates").sign()
    assert timedelta(seconds=90) > GONE_AFTER + EVERY
    with time_machine.travel(timezone.now() + GONE_AFTER - timedelta(seconds=1)):
        assert alive("gates").exists()
    with time_machine.travel(timezone.now() + GONE_AFTER + timedelta(seconds=1)):
        assert not alive("gates").exists()


def test_signing_again_keeps_one_row_and_its_beginning():
    signing = Signing("gates")
    signing.sign()
    begun = Sign.objects.get().started_at
    with time_machine.travel(timezone.now() + timedelta(minutes=5)):
        signing.sign()
        assert alive("gates").count() == 1
    assert Sign.objects.get().started_at == begun


def test_signing_off_is_noticed_at_once():
    signing = Signing("mail")
    signing.sign()
    signing.stop()
    assert not alive("mail").exists()


def test_processes_of_yesterday_are_forgotten():
    old = timezone.now() - timedelta(days=1, seconds=1)
    Sign.objects.create(who="old:1", part="gates", seen_at=old)
    Signing("gates").sign()
    assert not Sign.objects.filter(who="old:1").exists()


def test_the_sweeper_signs_only_when_it_is_time_again(django_assert_num_queries):
    signing = Signing("sweeper")
    signing.sign_when_due()
    with django_assert_num_queries(0):
        signing.sign_when_due()


def test_a_worker_signs_by_itself_and_outlasts_a_database_that_is_away(own_database, monkeypatch):
    signing = Signing("gates")
    calls = []
    real = Signing.sign

    def refused_once(self):
        calls.append(1)
        if len(calls) == 1:
            raise DatabaseError("away")
        real(self)

    monkeypatch.setattr(Signing, "sign", refused_once)
    monkeypatch.setattr("work.signs.EVERY", timedelta(milliseconds=10))
    signing.start()
    wait_until(lambda: own_database.do(alive("gates").exists))
    own_database.do(signing.stop)
    assert not own_database.do(alive("gates").exists)


def test_signing_off_outlasts_a_database_that_was_restarted(own_database):
    def sign_and_stop():
        signing = Signing("gates")
        signing.sign()
        connection.connection.close()  # as a restarted server leaves it: Django takes it for open
        signing.stop()
        return alive("gates").exists()

    assert not own_database.do(sign_and_stop)
