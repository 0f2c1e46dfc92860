"""What happens to the demo's smaller families: air fares (a number) and digits (ten classes).

Staging asks nobody here: a version that is good enough moves there by itself, one that isn't stays where it is.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from assaydesk_client.client import Client
from config.demo.names import DIGIT_MODEL, FARE_MODEL, holdout_dataset, training_dataset, upcoming_dataset
from config.demo.steps import Steps, Unexpected
from config.demo.telling import Telling, expect_state, inconclusive


class ShorterStory(Telling):
    """A family with data and versions of its own, in the folder of its name below what config.demo.train wrote."""

    def create(self, *, description: str, risk_tier: str, primary_metric: str) -> None:
        """The model, its training data by digest, its holdout locked."""
        said = json.loads((self.folder / "datasets.json").read_text())
        training, holdout = training_dataset(self.model), holdout_dataset(self.model)
        self.dana.create_model(
            self.model,
            description=description,
            use_case="Showing how Assaydesk reviews a model.",
            risk_tier=risk_tier,
            primary_metric=primary_metric,
        )
        self.dana.create_dataset(training, "What the versions are fitted on.")
        self.dana.point_dataset(training, **said["training"])
        self.sam.create_dataset(holdout, "What every version is judged on.")
        self.sam.lock_dataset(holdout, self.folder / f"{holdout}.csv", **said["holdout"])


class FareStory(ShorterStory):
    """Judged by RMSPE: one version is stopped before Staging, one is live, one is rejected for what its gates say."""

    def __init__(self, cast: Mapping[str, Client], folder: Path, steps: Steps) -> None:
        super().__init__(FARE_MODEL, cast, folder / FARE_MODEL, steps)

    def begin(self) -> None:
        with self.steps.step("dana creates the model air-fare and its data; sam locks 2000, and 2001 without fares"):
            description = "The average one-way fare of an American air route in a year, in dollars."
            self.create(description=description, risk_tier="medium", primary_metric="rmspe")
            upcoming = upcoming_dataset(FARE_MODEL)
            self.sam.create_dataset(upcoming, "The same routes a year on, whose fares are not known here.")
            file = self.folder / f"{upcoming}.csv"
            self.sam.lock_dataset(upcoming, file, id_column="id", task="regression", segments=["distance"])

    def tell(self) -> None:
        with self.steps.step("air-fare 1.0.0 is stopped before Staging: its RMSPE is over the policy's threshold"):
            self.see_it_reach_staging(self.register("1.0.0"), expect="blocked")
        with self.steps.step("air-fare 1.1.0 moves to Staging by itself; riley and sam approve it for Production"):
            promotion = self.ask_for_production(self.register("1.1.0"), "Last year's fare tells most of this year's.")
            self.approve(
                promotion,
                riley="One weight, and errors of a tenth on average, in each band of distance.",
                sam="Nothing was live before it, and nobody is charged by it.",
            )
        with self.steps.step(
            "omar takes air-fare down and brings it back, as an exercise; riley looks at it afterwards"
        ):
            self._exercise_the_way_back()
        with self.steps.step("air-fare 1.2.0 moves to Staging by itself; sam rejects it for Production"):
            self._be_rejected()

    def _exercise_the_way_back(self) -> None:
        """What omar did first is looked at by riley; that he undid it still waits for somebody."""
        self.omar.take_down(FARE_MODEL, reason="Exercise: how long does it take at night?", expected_live=2)
        [taken_down] = self.omar.after_reviews(model=FARE_MODEL)
        said = "It was announced, and took seconds."
        self.riley.decide_after_review(taken_down["id"], verdict="accepted", comment=said)
        self.omar.roll_back(FARE_MODEL, reason="The exercise is over.", expected_live=0)

    def _be_rejected(self) -> None:
        promotion = self.ask_for_production(self.register("1.2.0"), "Knows the market as well as last year's fare.")
        if not inconclusive(promotion):
            raise Unexpected(f"Every gate of promotion {promotion['id']} was conclusive.")
        rejected = self.sam.review_promotion(
            promotion["id"],
            verdict="reject",
            comment="It asks for three more inputs and is measurably worse by every measure, most of all on short "
            "routes. That the gate can't rule out a loss within its margin is no reason to take one.",
            seal=promotion["seal"],
        )
        expect_state(rejected, "rejected")


class DigitStory(ShorterStory):
    """Ten classes: one version is live, the next is right more often and less sure of it, and waits for review."""

    def __init__(self, cast: Mapping[str, Client], folder: Path, steps: Steps) -> None:
        super().__init__(DIGIT_MODEL, cast, folder / DIGIT_MODEL, steps)

    def begin(self) -> None:
        with self.steps.step("dana creates the model digit-reader and its data; sam locks one half of the pictures"):
            description = "Which digit a small picture shows."
            self.create(description=description, risk_tier="low", primary_metric="accuracy")

    def tell(self) -> None:
        with self.steps.step("digit-reader 1.0.0 moves to Staging by itself; riley and sam approve it for Production"):
            promotion = self.ask_for_production(self.register("1.0.0"), "A weight for each pixel and digit.")
            self.approve(
                promotion,
                riley="Simple, and right in nineteen of twenty pictures. The card says where it won't be.",
                sam="Nothing was live before it.",
            )
        with self.steps.step("digit-reader 1.1.0 is up for Production: right more often, with a worse log loss"):
            self.ask_for_production(self.register("1.1.0"), "Is right more often than the weights.")
