"""The outbox of a desk. A letter is known by its Message-ID."""

from django.utils import timezone

from tests.processes import wait_until
from work.mail_headers import headers_of
from work.models import Job, Mail


def waiting(promotions: list[int]) -> list[str]:
    """The letters about these promotions, none of which may have been sent."""
    letters = Mail.objects.filter(link__regex=f"/promotions/({'|'.join(map(str, promotions))})/")
    assert not letters.exclude(sent_at=None).exists()
    return _ids(letters)


def written() -> list[str]:
    return _ids(Mail.objects.all())


def _ids(letters: object) -> list[str]:
    return [headers_of(letter)["Message-ID"] for letter in letters]  # type: ignore[attr-defined]


def the_next_try_is_now() -> None:
    """As if the wait between two tries were over."""
    Job.objects.filter(task="work.send_mail", state="queued").update(not_before=timezone.now())


def until_all_are_sent() -> None:
    wait_until(lambda: not Mail.objects.filter(sent_at=None).exists(), seconds=60)
