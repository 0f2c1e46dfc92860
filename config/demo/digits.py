"""The demo's several classes: handwritten digits, from scikit-learn (`load_digits`).

Source: E. Alpaydin and C. Kaynak (1998), Optical Recognition of Handwritten Digits, UCI Machine Learning
Repository; 8 × 8 pixels, each from 0 to 16. The versions were picked with both halves in view.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
import pandas as pd
from sklearn.datasets import load_digits
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from config.demo.estimators import RANDOM_STATE
from config.demo.families import Family, Floats
from config.demo.names import DIGIT_MODEL
from config.demo.recipes import Recipe

SEED = 1998
"""Of the split: the year of the source."""

PIXELS = tuple(f"pixel_{row}_{column}" for row in range(8) for column in range(8))
CLASSES = tuple(str(digit) for digit in range(10))


def read_digits() -> tuple[pd.DataFrame, pd.DataFrame]:
    """One half to train on, the other to be judged on: id (the place in the set, from 1), pixels, digit."""
    source = load_digits()
    table = pd.DataFrame(source.data, columns=list(PIXELS))
    table.insert(0, "id", np.arange(1, len(table) + 1))
    table["digit"] = source.target
    order = np.random.RandomState(SEED).permutation(len(table))
    half = len(table) // 2
    return table.iloc[np.sort(order[:half])], table.iloc[np.sort(order[half:])]


def _as_it_is(exported: onnx.ModelProto) -> onnx.ModelProto:
    return exported


def _says(model: Any, features: Floats) -> Floats:
    probabilities: Floats = model.predict_proba(features)
    return probabilities


def _figures(model: Any, features: Floats, digit: pd.Series) -> Mapping[str, float]:
    folds = StratifiedKFold(5, shuffle=True, random_state=RANDOM_STATE)
    probabilities = cross_val_predict(model, features, digit, cv=folds, method="predict_proba")
    accuracy = float(accuracy_score(digit, probabilities.argmax(axis=1)))
    return {"accuracy": accuracy, "log loss": float(log_loss(digit, probabilities))}


def _plain(digit: pd.Series) -> Any:
    return digit.to_numpy()


_CARD = """
## Intended use

Showing how Assaydesk reviews a model that tells several classes apart: which digit a picture of 8 × 8 pixels shows.

## Not for

Reading anything that matters: the pictures are small, clean and centred.

## Training data

{rows} of the 1,797 pictures in scikit-learn's `digits`, drawn at random. The model sees the 64 pixels
({columns} and so on), each from 0 to 16.

## Evaluation

The author's own figures, from five-fold cross-validation on the training half:

{figures}

What counts is measured on the other half, by Assaydesk, and stands on the version page.

## Limitations

- The same people may have written digits in both halves, so strangers' writing will be read less well.
- One of several versions picked, with all of the data in view, to show different outcomes of a review.
{caveats}
"""

DIGITS = Family(
    model=DIGIT_MODEL,
    description="Which digit a small picture shows.",
    task="multiclass",
    primary_metric="accuracy",
    target="digit",
    segments=(),
    source=("scikit-learn", "digits"),
    tensor="picture",
    output="probabilities",
    classes=CLASSES,
    recipes=(
        Recipe(
            label="1.0.0",
            title="Logistic regression on the pixels",
            idea="A weight for each pixel and digit.",
            estimator="logistic regression",
            parameters={"C": 0.1},
            features=PIXELS,
        ),
        Recipe(
            label="1.1.0",
            title="Forty extremely randomised trees",
            idea="The vote of forty random trees: right more often, and less sure of it.",
            estimator="extremely randomised trees",
            parameters={"n_estimators": 40},
            features=PIXELS,
            caveats=("Its probabilities are shares of forty votes, and too timid: log loss suffers.",),
        ),
    ),
    card=_CARD,
    read=read_digits,
    fit_target=_plain,
    finish=_as_it_is,
    says=_says,
    figures=_figures,
)
