"""Servers that go away while people and workers go on: all is done in the end, once, without a restart of ours."""

import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import redis

from tests.faults.calling import Caller
from tests.faults.staff import House
from tests.processes import wait_until
from tests.servers import Server
from tests.work.mail_server import PostOffice, running

pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.xdist_group("house")]


@pytest.fixture
def only_at_work(at_work: bool) -> None:
    if not at_work:
        pytest.skip("The embedded set-up has no such server; --database=postgresql has")


@pytest.fixture
def database_server(request: pytest.FixtureRequest, only_at_work: None) -> Server:
    server: Server = request.getfixturevalue("postgresql_of_ours")[1]
    return server


@contextmanager
def nobody_restarted(house: House) -> Iterator[None]:
    before = [part.pid for part in house.parts]
    yield
    assert [part.pid for part in house.parts if part.is_alive] == before


def assert_each_passed_once(house: House, opened: list[dict[str, int]]) -> list[dict]:
    found = house.desk.play("gates_at_work", "finished", promotions=[each["promotion"] for each in opened])
    for each in found:
        assert (each["outcome"], each["finished"], each["job"]) == ("passed", ["passed"], "succeeded"), each["summary"]
        assert (each["state"], each["evaluations"], each["verbs"]["promotion.review_started"]) == ("in_review", 1, 1)
    return found


@pytest.mark.usefixtures("only_at_work")
def test_gates_whose_messages_were_all_wiped_out_of_redis_are_run(house: House) -> None:
    with redis.Redis.from_url(house.desk.environment["REDIS_URL"]) as client, nobody_restarted(house):
        with house.gates.standing_still():
            opened = house.desk.play("gates_at_work", "open_some", count=6)
            assert client.llen("gates") > 0
            client.flushall()
        assert house.desk.play("gates_at_work", "half_a_minute_passes") > 0
        found = assert_each_passed_once(house, opened)
    assert {each["attempts"] for each in found} == {1}


@pytest.mark.parametrize("shutdown", [signal.SIGINT, signal.SIGQUIT], ids=["fast", "immediate"])
def test_a_restart_of_postgresql_in_mid_gate_loses_nothing(
    house: House, database_server: Server, shutdown: signal.Signals
) -> None:
    caller = Caller(house.url, house.desk.play("pipelines", "prepare", model=f"asked-{shutdown}", datasets=[]))
    opened = house.desk.play("gates_at_work", "open_some", count=3, seconds=2)
    house.desk.play("gates_at_work", "until_one_runs_its_model", jobs=[each["job"] for each in opened])
    with nobody_restarted(house):
        database_server.end(shutdown)
        assert house.answers()  # the process is well; restarting it would help nobody
        refusal = caller.call("GET", "/models")
        assert (refusal.status, refusal.told["code"]) == (503, "database_away")
        database_server.start()
        wait_until(lambda: caller.call("GET", "/models").status == 200)
        house.desk.play("gates_at_work", "half_a_minute_passes")  # a message may have come while nobody could claim
        assert_each_passed_once(house, opened)


def test_letters_of_a_story_told_without_a_mail_server_arrive_once_each(house: House, post_office: PostOffice) -> None:
    opened = house.desk.play("gates_at_work", "open_some", count=2)
    assert_each_passed_once(house, opened)  # nobody who works waits for a letter
    letters = house.desk.play("letters", "waiting", promotions=[each["promotion"] for each in opened])
    assert len(letters) >= len(opened)
    with nobody_restarted(house), running(post_office):
        house.desk.play("letters", "the_next_try_is_now")
        house.desk.play("letters", "until_all_are_sent")
    expected = house.desk.play("letters", "written")
    assert set(letters) <= set(expected)
    arrived = Counter(str(letter["Message-ID"]) for letter in post_office.letters)
    assert arrived == Counter(expected)
    assert set(arrived.values()) == {1}
