"""The demo's progress: a line per step with its seconds, and the step's name when one fails."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx

from accounts.reasons import Refusal
from assaydesk_client.errors import AssaydeskError, TimedOut


class StepFailed(Exception):
    """A step of the demo didn't work out; the text says which, why, and what to do."""


class Unexpected(Exception):
    """Something ended otherwise than the story has it."""


class Steps:
    """Tells each step by `say` once it is done."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._begun = time.monotonic()

    @property
    def seconds(self) -> float:
        """Since the first step began."""
        return time.monotonic() - self._begun

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """One step. Raises StepFailed in place of what a server, an action or a child program refuses."""
        begun = time.monotonic()
        try:
            yield
        except (AssaydeskError, Refusal, Unexpected) as error:
            raise StepFailed(f"“{title}” failed: {_why(error)}") from error
        self._say(f"{time.monotonic() - begun:5.1f} s  {title}")


def require_answer(url: str) -> None:
    """Raises Unexpected unless a server is well at `url`."""
    try:
        answer = httpx.get(f"{url}/healthz", timeout=10, trust_env=False)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Unexpected(f"{error}. Is Assaydesk served there? `manage.py serve` does it.") from error
    if not answer.is_success:
        raise Unexpected(f"It says {answer.status_code} at /healthz.")


def _why(error: Exception) -> str:
    if isinstance(error, TimedOut):
        return f"{error} Are the workers running? `manage.py serve` starts them."
    remedy = error.remedy if isinstance(error, AssaydeskError) else ""  # a Refusal says it in its text
    return f"{error} {remedy}".strip()
