import platform
import uuid
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial

import numpy as np
from django.db import transaction

from audit.actions import record
from evidence import events
from evidence.actions.evaluate import (
    EvidenceMissing,
    Report,
    inputs_of,
    model_file,
    run_of,
)
from evidence.columnar import Column
from evidence.measuring import Plan, Round, median_of, take_turns
from evidence.models import LockedDataset, Measurement
from evidence.runtimes import NEVER_EXECUTED, RUNTIMES, RuntimeRefused, time_round
from registry.models import Version
from registry.subjects import version_subject

#: Different batches a model is given in turn; more would only cost memory and time.
MOST_BATCHES = 50


def measure_together(
    versions: Sequence[Version], locked: LockedDataset, plan: Plan, *, report: Report
) -> list[Measurement | EvidenceMissing]:
    """Times the versions on rows of the dataset, here and now, their rounds taking turns. Stores what it finds.

    One entry per version, in their order: its measurement, or why it can't be measured here. Nothing is reused
    from earlier measurements, nor is a twin's: another moment or another machine would tell something else.
    """
    with ExitStack() as stack:
        sides = [_side(version, locked, plan, stack) for version in versions]
        timers = [side for side in sides if not isinstance(side, EvidenceMissing)]
        rounds = iter(_rounds(timers, plan.rounds, report))
        made = [side if isinstance(side, EvidenceMissing) else next(rounds) for side in sides]
    return _store(list(zip(versions, made, strict=True)), locked, plan)


Timer = Callable[[], Round]


def _side(version: Version, locked: LockedDataset, plan: Plan, stack: ExitStack) -> Timer | EvidenceMissing:
    """What times one round of the version, its file held ready; or why there is none."""
    try:
        _refuse_unless_run_here(version)
        columns = _batches(inputs_of(version, locked), plan.batch_rows)
        name, artifact = stack.enter_context(model_file(version))
    except EvidenceMissing as missing:
        return missing
    return partial(time_round, run_of(version, name, artifact, columns), plan)


def _refuse_unless_run_here(version: Version) -> None:
    if version.format in NEVER_EXECUTED or version.format not in RUNTIMES:
        raise EvidenceMissing(
            "not_executable",
            f"{version} is a {version.format} file, which isn't run here, so it can't be timed",
            f"Register it as {' or '.join(RUNTIMES)}, or have this gate waived.",
        )


def _batches(columns: dict[str, Column], batch_rows: int) -> dict[str, Column]:
    """Rows for some full batches, from the top of the dataset and round again when it is shorter than one."""
    rows = len(next(iter(columns.values())))
    batches = min(MOST_BATCHES, max(1, rows // batch_rows))
    chosen = np.arange(batches * batch_rows) % rows
    return {name: values[chosen] for name, values in columns.items()}


def _rounds(timers: Sequence[Timer], rounds: int, report: Report) -> list[list[Round] | EvidenceMissing]:
    """The rounds of every side. A side that is refused once isn't started again; the others go on."""
    refused: dict[int, EvidenceMissing] = {}
    done = 0

    def go(place: int) -> Round | None:
        nonlocal done
        done += 1
        report(0.1 + 0.8 * done / (rounds * len(timers)), "timing the model")
        try:
            return None if place in refused else timers[place]()
        except RuntimeRefused as problem:
            refused[place] = EvidenceMissing(problem.code, problem.text, problem.remedy)
            return None

    made = take_turns([partial(go, place) for place in range(len(timers))], rounds)
    return [refused.get(place) or [one for one in sides if one is not None] for place, sides in enumerate(made)]


@transaction.atomic
def _store(
    made: Sequence[tuple[Version, list[Round] | EvidenceMissing]], locked: LockedDataset, plan: Plan
) -> list[Measurement | EvidenceMissing]:
    together = uuid.uuid4()
    return [
        rounds if isinstance(rounds, EvidenceMissing) else _stored(version, rounds, locked, plan, together)
        for version, rounds in made
    ]


def _stored(
    version: Version, rounds: Sequence[Round], locked: LockedDataset, plan: Plan, together: uuid.UUID
) -> Measurement:
    told = [each.to_dict() for each in rounds]
    measurement = Measurement.objects.create(
        version=version,
        dataset=locked,
        together=together,
        host=platform.node(),
        isolation=rounds[0].isolation,
        batch_rows=plan.batch_rows,
        n=sum(len(each.milliseconds) for each in rounds),
        p50=median_of(told, "p50"),
        p95=median_of(told, "p95"),
        p99=median_of(told, "p99"),
        idle_bytes=int(median_of(told, "idle_bytes")),
        peak_bytes=int(median_of(told, "peak_bytes")),
        rounds=told,
    )
    after = {"host": measurement.host, "p95": measurement.p95, "peak_bytes": measurement.peak_bytes}
    record(events.VERSION_MEASURED, version_subject(version), actor=None, after=after)
    return measurement
