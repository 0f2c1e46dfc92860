"""Predicts with a joblib version, on its author's side.

`python -m config.demo.predict FOLDER INPUTS.csv OUTPUT.csv`, where FOLDER is one that training wrote.
The registry never loads such a file; its author, who made it, may.
"""

import json
import sys
from pathlib import Path

import joblib
import pandas as pd

from config.demo.loans import inputs


def predict(folder: Path, source: Path, target: Path) -> None:
    """Reads ids and features from `source` (CSV), writes `id,score` to `target`."""
    features = tuple(json.loads((folder / "version.json").read_text())["features"])
    table = pd.read_csv(source)
    model = joblib.load(folder / "model.joblib")  # written by config.demo.train a moment ago
    scores = model.predict_proba(inputs(table, features))[:, 1]
    pd.DataFrame({"id": table["id"], "score": scores}).to_csv(target, index=False, lineterminator="\n")


if __name__ == "__main__":
    predict(*map(Path, sys.argv[1:4]))
