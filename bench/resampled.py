"""The same comparison as one would write it with pandas and scikit-learn, for the benchmark to be held against."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas
from sklearn import metrics
from sklearn.calibration import calibration_curve

from bench.scored_rows import Sample


class Resampled:
    """Both models' scores in a frame."""

    def __init__(self, drawn: Sample) -> None:
        self.frame = pandas.DataFrame(
            {
                "truth": drawn.truth,
                "live": drawn.live,
                "candidate": drawn.candidate,
                "group": pandas.Categorical.from_codes(drawn.groups.places, list(drawn.groups.names)),
            }
        )

    def curves(self) -> None:
        for name in ("live", "candidate"):
            metrics.roc_curve(self.frame.truth, self.frame[name])
            metrics.precision_recall_curve(self.frame.truth, self.frame[name])
            calibration_curve(self.frame.truth, self.frame[name], n_bins=10)
            metrics.confusion_matrix(self.frame.truth, self.frame[name] >= 0.5)

    def resample(self, seed: int) -> dict[str, Any]:
        """All metrics of both models, overall and recall by segment, of rows drawn with replacement."""
        drawn = self.frame.iloc[np.random.default_rng(seed).integers(0, len(self.frame), len(self.frame))]
        return {name: self._measured(drawn, name) for name in ("live", "candidate")}

    def _measured(self, drawn: pandas.DataFrame, name: str) -> dict[str, Any]:
        truth, score = drawn.truth.to_numpy(), drawn[name].to_numpy()
        decided = score >= 0.5
        right = (decided == truth)[truth]
        return {
            "auc": metrics.roc_auc_score(truth, score),
            "average_precision": metrics.average_precision_score(truth, score),
            "accuracy": metrics.accuracy_score(truth, decided),
            "precision": metrics.precision_score(truth, decided),
            "recall": metrics.recall_score(truth, decided),
            "f1": metrics.f1_score(truth, decided),
            "log_loss": metrics.log_loss(truth, score),
            "brier": metrics.brier_score_loss(truth, score),
            "calibration_error": _calibration_error(truth, score),
            "segments": pandas.Series(right).groupby(drawn.group[truth].to_numpy(), observed=True).mean(),
        }


def _calibration_error(truth: npt.NDArray[np.bool_], score: npt.NDArray[np.float64]) -> float:
    bins = pandas.Series(score - truth).groupby((score * 10).astype(int).clip(0, 9))
    return float((bins.mean().abs() * bins.size()).sum() / len(score))
