"""The demo's versions: what each is made of, and the idea behind it. Nothing is fitted here.

They were picked, with both halves of the data in view, so that reviews end in different ways. The margins
that decide stand in the policies; the figures are whatever the fits give.
"""

from dataclasses import dataclass
from typing import Any

from config.demo.loans import FEATURES, FOUND_BY_LENDER, NEIGHBOURHOOD

EVERYTHING = tuple(FEATURES)
RATIOS = ("housing_expense_share", "obligations_share", "loan_to_price", "bankruptcy")
PAYMENT_RECORD = (
    "mortgage_payment_record",
    "consumer_payment_record",
    "no_account_60_days_late",
    "credit_lines",
    "credit_reports",
)


@dataclass(frozen=True)
class Recipe:
    """One version: its estimator by name (see estimators.py), parameters, features, the idea behind it."""

    label: str
    title: str
    idea: str
    estimator: str
    parameters: dict[str, Any]
    features: tuple[str, ...]
    file: str = "model.onnx"
    caveats: tuple[str, ...] = ()

    @property
    def format(self) -> str:
        """Of the artifact: "onnx" or "joblib"."""
        return self.file.rpartition(".")[2]


RECIPES = (
    Recipe(
        label="1.0.0",
        title="Logistic regression on four ratios",
        idea="A score that can be checked by hand: two expense shares, loan to price, bankruptcy.",
        estimator="logistic regression",
        parameters={"C": 1.0},
        features=RATIOS,
    ),
    Recipe(
        label="1.1.0",
        title="Logistic regression on ratios and payment record",
        idea="Adds how the applicant paid earlier debts. Still nine weights that fit on a page.",
        estimator="logistic regression",
        parameters={"C": 1.0},
        features=(*RATIOS, *PAYMENT_RECORD),
    ),
    Recipe(
        label="1.2.0",
        title="Gradient-boosted trees on the whole file",
        idea="The whole file, with thresholds and combinations that a linear score can't express.",
        estimator="histogram gradient boosting",
        parameters={"max_iter": 60, "max_depth": 3, "learning_rate": 0.05},
        features=EVERYTHING,
        caveats=("The reasons for a single score can't be read off the model, and none are supplied.",),
    ),
    Recipe(
        label="1.3.0",
        title="A decision tree of depth four",
        idea="At most sixteen rules that could be printed for every branch office.",
        estimator="decision tree",
        parameters={"max_depth": 4},
        features=EVERYTHING,
        caveats=("Knows at most sixteen different scores, some of them exactly 0 or 1.",),
    ),
    Recipe(
        label="1.4.0",
        title="Logistic regression without the lender's checks",
        idea="All but what a lender finds in checking: usable on the day of the application.",
        estimator="logistic regression",
        parameters={"C": 0.1},
        features=tuple(name for name in EVERYTHING if name != FOUND_BY_LENDER),
    ),
    Recipe(
        label="1.5.0",
        title="Extremely randomised trees, as a scikit-learn file",
        idea="The average of many random trees, kept as scikit-learn writes it.",
        estimator="extremely randomised trees",
        parameters={"n_estimators": 200, "min_samples_leaf": 5},
        features=EVERYTHING,
        file="model.joblib",
        caveats=(
            "A joblib file can run code when it is loaded, so the registry never loads it: "
            "its figures rest on predictions that the author handed in.",
        ),
    ),
    Recipe(
        label="1.6.0",
        title="Logistic regression with the neighbourhood",
        idea="The whole file, and the property's surroundings: vacancies, incomes, boarded-up houses.",
        estimator="logistic regression",
        parameters={"C": 0.1},
        features=(*EVERYTHING, *NEIGHBOURHOOD),
        caveats=("Uses the property's neighbourhood, which can stand in for the applicant's race.",),
    ),
)
