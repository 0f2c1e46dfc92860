"""Model cards of the demo: every figure in them comes from the training that has just run."""

from dataclasses import dataclass

import pandas as pd

from config.demo.loans import FOUND_BY_LENDER, LEFT_OUT, NEIGHBOURHOOD, SEED, TARGET
from config.demo.recipes import Recipe


@dataclass(frozen=True)
class CrossValidated:
    """What the author measured on the training half alone: five folds, each predicted by the other four."""

    rows: int
    auc: float
    log_loss: float
    accuracy: float


def write_card(recipe: Recipe, training: pd.DataFrame, figures: CrossValidated, threshold: float) -> str:
    """The whole card: YAML front matter and Markdown in the sections that reviewers look for."""
    sections = {
        "Intended use": _INTENDED_USE.format(threshold=threshold),
        "Not for": _NOT_FOR,
        "Training data": _training_data(recipe, len(training)),
        "Evaluation": _EVALUATION.format(**vars(figures)),
        "Limitations": _limitations(recipe),
        "Ethical considerations": _ethics(training),
    }
    body = "\n\n".join(f"## {title}\n\n{text.strip()}" for title, text in sections.items())
    return f"{_FRONT_MATTER.format(format=recipe.format)}\n# {recipe.title}\n\n{recipe.idea}\n\n{body}\n"


_FRONT_MATTER = """---
license: other
license_name: demonstration-only
library_name: scikit-learn
tags:
  - tabular-classification
  - {format}
datasets:
  - loan-train
metrics:
  - roc_auc
  - accuracy
  - log_loss
---
"""

_INTENDED_USE = """
Showing how Assaydesk reviews a model. The score is the estimated probability that a lender approved the
application; from {threshold} on it counts as an approval. The threshold was set on the training half so that
the model approves the same share of applications as the lenders did.
"""

_NOT_FOR = """
Deciding about anybody's loan. The applications are from one city, and were published in 1996.
"""

_TRAINING_DATA = """
{rows} applications: the training half of `loanapp` (split with seed {seed}), mortgage applications in the
Boston area from W. C. Hunter and M. B. Walker (1996), published as a companion set of J. M. Wooldridge's
textbook. Rows with gaps, or with codes for "not stated", were left out before the split. The model sees
{columns} columns. It does not see:

{left_out}
"""

_EVALUATION = """
The author's own figures, from five-fold cross-validation on the {rows} training rows:

| metric | value |
|---|---|
| AUC | {auc:.3f} |
| log loss | {log_loss:.3f} |
| accuracy at the threshold | {accuracy:.3f} |

Nothing of the other half went into fit or threshold. What counts is measured there, by Assaydesk or from
predictions handed in: its AUC is {{{{ metric auc on loan-holdout@1 }}}}.
"""

_LIMITATIONS = (
    "The target is what lenders decided, not whether loans were paid back.",
    "Applicants who were discouraged before they applied are not in the data.",
    "One metropolitan area and one point in time: nothing is known about any other.",
    "One of several versions picked, with all of the data in view, to show different outcomes of a review.",
)
_AFTER_A_CHECK = "Needs to know whether a lender found unverifiable information: the file has to be checked first."

_ETHICS = """
Lenders approved different shares of applications in the training half:

{shares}

A model that fits these decisions well repeats whatever was unfair in them. Race, sex, marital status, age and
dependants are not among the features, but other columns can stand in for them. Recall by race, sex and
marital status on the locked half is part of every review.
"""


def _training_data(recipe: Recipe, rows: int) -> str:
    reasons = dict(LEFT_OUT)
    if not set(NEIGHBOURHOOD) & set(recipe.features):
        reasons["the neighbourhood"] = tuple(NEIGHBOURHOOD.values())
    left_out = "\n".join(f"- {reason}: {', '.join(columns)}" for reason, columns in reasons.items())
    return _TRAINING_DATA.format(rows=rows, seed=SEED, columns=len(recipe.features), left_out=left_out)


def _limitations(recipe: Recipe) -> str:
    checked = (_AFTER_A_CHECK,) if FOUND_BY_LENDER in recipe.features else ()
    return "\n".join(f"- {line}" for line in (*_LIMITATIONS, *checked, *recipe.caveats))


def _ethics(training: pd.DataFrame) -> str:
    shares = training.groupby("race")[TARGET].agg(["mean", "size"])
    lines = [f"- {race}: {row['mean']:.0%} of {row['size']:.0f}" for race, row in shares.iterrows()]
    return _ETHICS.format(shares="\n".join(lines))
