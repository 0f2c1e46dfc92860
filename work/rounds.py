"""What the sweeper looks after besides lost jobs: deadlines that pass without anybody doing anything.

An app names its rounds in its `AppConfig.ready`. A round asks the database what is due and acts on it, so going
the round twice at once, from several machines, does no harm.
"""

import logging
from collections.abc import Callable

from django.db import OperationalError

from work.actions import sweep

logger = logging.getLogger(__name__)

_ROUNDS: dict[str, Callable[[], object]] = {}


def add_round(name: str, go: Callable[[], object]) -> None:
    """Has the sweeper call `go` each time; `name` ("approvals.expire") stands in its log."""
    _ROUNDS[name] = go


def go_all_rounds() -> int:
    """Goes every round, then points workers at jobs they lost sight of. Returns how many jobs it pointed at.

    A round that fails is told in the log and keeps no other from being gone, nor lost jobs from being found. Raises
    OperationalError when the database is away: the whole sweep comes again in a moment.
    """
    for name, go in _ROUNDS.items():
        try:
            go()
        except OperationalError:
            raise
        except Exception:
            logger.exception("The round %s failed; it is gone again with the next sweep", name)
    return sweep()
