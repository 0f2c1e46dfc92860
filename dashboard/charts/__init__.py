"""What is drawn of stored evidence: a file for each chart. Nothing is computed from rows here, only read and worded."""

from dashboard.charts.drawing import Chart, Side, Sides

__all__ = ["Chart", "Side", "Sides"]
