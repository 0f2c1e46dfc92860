"""Where simulation shows that few rows make an interval hold less often than it says: it is then named with it."""

from __future__ import annotations

# Below so many rows of the kind that a metric rests on, 95% intervals held the true difference in fewer than 93.5 of
# 100 simulated pairs: F1 with 20 to 45 positive rows, precision with 20 decided yes, RMSE with 100 rows whose
# residuals have heavy tails.
FEWEST_ROWS = {"f1": 50, "precision": 30, "rmse": 150}


def small_sample(metric: str, support: int, rows: str) -> str:
    """ "small sample: fewer than 50 positive rows" where the metric rests on so few `rows`, or ""."""
    fewest = FEWEST_ROWS.get(metric, 0)
    return f"small sample: fewer than {fewest} {rows}" if support < fewest else ""
