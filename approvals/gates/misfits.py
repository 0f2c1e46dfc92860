"""Why a gate could never be answered on a dataset, where several gates have the same reasons."""

from evidence.metrics import why_not_measured
from evidence.models import LockedDataset


def why_not_labelled(locked: LockedDataset) -> str:
    """Why nothing can be right or wrong on the dataset, with the remedy; "" when it has labels."""
    if locked.is_labelled:
        return ""
    return (
        f"{locked} has no labels, so it can't tell how good a version is: name a labelled dataset, or ask with the "
        "gate agreement"
    )


def why_not_measured_on(locked: LockedDataset, metric: str) -> str:
    """The same of one metric: the dataset has no labels, or is for a task that hasn't the metric."""
    return why_not_labelled(locked) or why_not_measured(metric, locked.task)


def why_no_column(locked: LockedDataset, column: str) -> str:
    """Why the dataset's rows can't be told apart by the column; "" when they can."""
    if column in locked.segment_columns:
        return ""
    return f"{column} is no segment column of {locked}, which has {', '.join(locked.segment_columns) or 'none'}"
