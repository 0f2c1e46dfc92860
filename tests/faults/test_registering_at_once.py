"""Pipelines that register at the same moment, over HTTP: every one is served, and numbers have no gap."""

from collections import Counter

import pytest

from tests.faults.calling import Caller
from tests.faults.staff import House

pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.xdist_group("house")]

AT_ONCE = 100


def pointer(name: str, number: int) -> dict[str, str]:
    return {"name": name, "kind": "git", "location": "data", "pin": f"{number:040x}"}


def new_version(*data: dict[str, str]) -> dict[str, object]:
    return {"format": "onnx", "features": ["amount"], "data": list(data)}


def test_a_hundred_at_once_get_the_numbers_from_1_to_100_whatever_order_they_name_their_data_in(house: House) -> None:
    names = ["clients", "payments"]
    caller = Caller(house.url, house.desk.play("pipelines", "prepare", model="crowded", datasets=names))
    pairs = [[pointer(name, number) for name in names] for number in range(AT_ONCE)]
    bodies = [new_version(*(pair if number % 2 else reversed(pair))) for number, pair in enumerate(pairs)]
    answers = caller.post_at_once("/models/crowded/versions", bodies)
    assert Counter(answer.status for answer in answers) == {201: AT_ONCE}
    assert sorted(answer.told["version"] for answer in answers) == list(range(1, AT_ONCE + 1))
    every = list(range(1, AT_ONCE + 1))
    assert house.desk.play("pipelines", "registered", model="crowded", datasets=names) == {
        "versions": every,
        "counted": AT_ONCE,
        "pins": dict.fromkeys(names, every),
        "trained_on": [2],
    }


def test_of_many_who_name_the_same_data_for_the_first_time_nobody_is_refused(house: House) -> None:
    caller = Caller(house.url, house.desk.play("pipelines", "prepare", model="agreed", datasets=[]))
    body = new_version(pointer("fresh-a", 1), pointer("fresh-b", 1))
    turned = new_version(pointer("fresh-b", 1), pointer("fresh-a", 1))
    answers = caller.post_at_once("/models/agreed/versions", [body, turned] * 10)
    assert Counter(answer.status for answer in answers) == {201: 20}
    found = house.desk.play("pipelines", "registered", model="agreed", datasets=["fresh-a", "fresh-b"])
    assert (found["versions"], found["trained_on"]) == (list(range(1, 21)), [2])
    assert found["pins"] == {"fresh-a": [1], "fresh-b": [1]}
