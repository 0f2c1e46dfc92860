"""A reason becomes a refusal: what lies with the person is forbidden, what lies with the moment conflicts."""

import pytest

from accounts.reasons import Conflict, Forbidden, Invalid, PersonalReason, Reason, demand, refuse_if


def test_nothing_in_the_way_refuses_nothing() -> None:
    refuse_if(None)


@pytest.mark.parametrize(
    ("reason", "refusal", "status"), [(Reason, Conflict, 409), (PersonalReason, Forbidden, 403)], ids=["late", "never"]
)
def test_a_reason_is_refused_with_its_code_words_and_remedy(reason, refusal, status) -> None:
    with pytest.raises(refusal) as refused:
        refuse_if(reason("closed", "It is closed.", "Open another."))
    assert refused.value.status == status
    assert refused.value.reason == Reason("closed", "It is closed.", "Open another.")


def test_demanded_words_come_without_the_space_around_them() -> None:
    assert demand(" too slow\n", "Say why.") == "too slow"


def test_space_alone_is_no_reason() -> None:
    with pytest.raises(Invalid, match=r"Say why\. Write it\."):
        demand(" \n", "Say why.", "Write it.")
