"""Comparing two models' predictions of the same rows: a file for each task."""
