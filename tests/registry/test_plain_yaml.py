"""YAML from outside: keys are text, values can be shown and stored anywhere, and no line takes for ever."""

import time
from datetime import date

import pytest
import yaml

from registry.plain_yaml import NotPlain, NotYaml, read_plain_yaml


@pytest.mark.parametrize(
    ("written", "key"),
    [("2024-01-01", "2024-01-01"), ("1.10", "1.10"), ("on", "on"), ("7", "7"), ("~", "~"), ("'a b'", "a b")],
)
def test_a_key_is_text_as_it_is_written_at_every_depth(written, key):
    assert read_plain_yaml(f"{{a: [{{{written}: first}}]}}") == {"a": [{key: "first"}]}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: {b: 0x" + "f" * 4000 + "}", "a.b is a number of more than 100 digits"),
        ("a: 0b" + "1" * 400, "a is a number of more than 100 digits"),
        ('a: ["\\ud800"]', "a holds half a character"),
        ('"\\ud800": 1', "it holds half a character"),
        ('"\\ud800": {"b": "\\udfff"}', "it holds half a character"),
        ("a: !!binary aGk=", "a has a tag that isn't taken"),
        ("a: !!set {b, c}", "a has a tag that isn't taken"),
        ("a: !!omap [b: 1]", "a has a tag that isn't taken"),
        ("a: {b: " + "[" * 40 + "]" * 40 + "}", "a.b is nested deeper than 32 levels"),
        ("k" * 400 + ": !!binary aGk=", "k" * 80 + " has a tag"),
    ],
    ids=lambda text: ascii(text[:30]),
)
def test_what_can_not_be_shown_everywhere_is_refused_by_its_key_with_a_remedy(text, told):
    with pytest.raises(NotPlain) as refused:
        read_plain_yaml(text)
    assert str(refused.value).startswith(told)
    assert refused.value.remedy


def test_ordinary_values_stay_what_they_are():
    text = "a: 1_000\nb: -0x1F\nc: 0b11\nd: 017\ne: 1.5e+3\nf: .inf\ng: 2024-01-01\nh: yes\ni: ~\nj: +.5\nk: 0\nl: -1."
    assert read_plain_yaml(text) == yaml.safe_load(text)
    assert read_plain_yaml(text)["g"] == date(2024, 1, 1)


def test_what_was_a_number_to_base_60_is_text():
    assert read_plain_yaml("a: 1:30\nb: 190:20:30.15") == {"a": "1:30", "b": "190:20:30.15"}
    for tag in ("int", "float"):
        with pytest.raises(NotYaml, match="base 60"):
            read_plain_yaml(f"a: !!{tag} 1:30")


@pytest.mark.parametrize("last", ["1", "1.5"])
def test_no_number_keeps_a_reader_waiting(last):
    text = "1:" * 60_000 + last
    began = time.process_time()
    assert read_plain_yaml(f"a: {text}") == {"a": text}
    assert time.process_time() - began < 1.5
