"""What happens to the demo's loans, told over HTTP by the people themselves: from data to promotions in many states.

Each chapter checks the state that it leads to; the figures are whatever the gates measure.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from assaydesk_client.answers import Promotion
from assaydesk_client.client import Client
from config.demo import training
from config.demo.steps import Steps, Unexpected
from config.demo.telling import Telling, expect_state, inconclusive

MODEL = "loan-approval"
TRAINING_DATASET, HOLDOUT_DATASET = "loan-train", "loan-holdout"
LAST_LABEL = "1.6.0"


class Story(Telling):
    """The loans. `folder`: what config.demo.train wrote."""

    def __init__(self, cast: Mapping[str, Client], folder: Path, steps: Steps) -> None:
        super().__init__(MODEL, cast, folder, steps)

    def create_model(self) -> None:
        with self.steps.step(f"dana creates the model {MODEL}"):
            self.dana.create_model(
                MODEL,
                description="How likely a lender is to approve a mortgage application.",
                use_case="Showing how Assaydesk reviews a model; it decides about nobody's loan.",
                risk_tier="high",
                primary_metric="auc",
            )

    def register_datasets(self) -> None:
        said = json.loads((self.folder / "datasets.json").read_text())
        with self.steps.step("dana notes the training data by digest; sam locks the other half as holdout"):
            self.dana.create_dataset(TRAINING_DATASET, "The half of the applications that models are fitted on.")
            self.dana.point_dataset(TRAINING_DATASET, **said["training"])
            self.sam.create_dataset(HOLDOUT_DATASET, "The other half: what every version is judged on.")
            self.sam.lock_dataset(HOLDOUT_DATASET, self.folder / "loan-holdout.csv", **said["holdout"])

    def tell(self) -> Promotion:
        """All versions, each to where its story ends. Answers with the promotion that waits for the reader."""
        self._go_live_first()
        self._go_live_next()
        numbers = self._register_further_versions()
        waiting = self._leave_in_review(numbers["1.2.0"])
        self._get_blocked(numbers["1.3.0"])
        self._stay_inconclusive(numbers["1.4.0"])
        self._withdraw(numbers["1.5.0"])
        self._be_rejected(numbers[LAST_LABEL])
        return waiting

    # --- Chapters ---

    def _go_live_first(self) -> None:
        with self.steps.step("1.0.0 goes through Staging to Production: nothing is live yet; riley and sam approve"):
            number = self.register("1.0.0")
            promotion = self.ask_for_production(
                number, "A first score that can be checked by hand, for later versions to beat."
            )
            self.approve(
                promotion,
                riley="Four ratios whose weights fit on a line, and a complete card. Good enough to begin with.",
                sam="Nothing is live, so nothing can get worse. To go back is to switch it off.",
            )

    def _go_live_next(self) -> None:
        with self.steps.step("1.1.0 replaces it in Production; what the gates couldn't settle is acknowledged"):
            number = self.register("1.1.0")
            promotion = self.ask_for_production(number, "Adds how the applicant paid earlier debts.")
            self.acknowledge_inconclusive(
                promotion,
                "The holdout is too small here to settle it. I accept that for this step, "
                "and will look at the same gate again with the next version.",
            )
            self.approve(
                promotion,
                riley="Read the segments and the card. The added columns are what a lender would ask for.",
                sam="Costs nothing more to run; 1.0.0 stays there to go back to.",
            )

    def _register_further_versions(self) -> dict[str, int]:
        with self.steps.step("pipeline registers 1.2.0 on behalf of dana, and dana 1.3.0 to 1.6.0"):
            numbers = {"1.2.0": self.register("1.2.0", by=self.pipeline, on_behalf_of="dana")}
            return numbers | {label: self.register(label) for label in ("1.3.0", "1.4.0", "1.5.0", LAST_LABEL)}

    def _leave_in_review(self, number: int) -> Promotion:
        with self.steps.step("1.2.0 is up for Production: the gates let it through, nobody has approved it yet"):
            return self.ask_for_production(number, "Sees the whole file, and combinations that a sum can't express.")

    def _get_blocked(self, number: int) -> None:
        with self.steps.step("1.3.0 is blocked by its gates; sam waives one of them, which doesn't help the other"):
            reason = "Sixteen rules at most, which could be printed for every branch office."
            blocked = self.ask_for_production(number, reason, expect="blocked")
            [loss] = [gate for gate in blocked["gates"] if gate["key"] == "log-loss-kept"]
            waived = self.sam.waive_gate(
                blocked["id"],
                loss["key"],
                reason="Branch offices would use the yes or no, not the probability. "
                "The quality floor still stands in the way.",
                digest=loss["digest"],
            )
            expect_state(waived, "blocked")

    def _stay_inconclusive(self, number: int) -> None:
        with self.steps.step("1.4.0 is up for Production, where a gate is inconclusive"):
            promotion = self.ask_for_production(
                number, "Does without the lender's own checks, so it works on the day of the application."
            )
            if not inconclusive(promotion):
                raise Unexpected(f"Every gate of promotion {promotion['id']} was conclusive.")

    def _withdraw(self, number: int) -> None:
        with self.steps.step("1.5.0, a joblib file, is judged by predictions handed in; dana withdraws it again"):
            self._hand_in_predictions("1.5.0", number)
            promotion = self.ask_for_production(number, "The average of many random trees.")
            reason = "Serving shouldn't load a joblib file. I'll export the trees to ONNX and register them anew."
            expect_state(self.dana.withdraw_promotion(promotion["id"], reason=reason), "withdrawn")

    def _be_rejected(self, number: int) -> None:
        with self.steps.step("1.6.0 is rejected by riley, whatever its gates say"):
            promotion = self.ask_for_production(number, "Adds what is known of the property's neighbourhood.")
            rejected = self.riley.review_promotion(
                promotion["id"],
                verdict="reject",
                comment="Vacant and boarded-up houses in the tract say more about where people were made to live "
                "than about this applicant. Please leave the neighbourhood out.",
                seal=promotion["seal"],
            )
            expect_state(rejected, "rejected")

    def _hand_in_predictions(self, label: str, number: int) -> None:
        inputs, predictions = self.folder / "inputs.csv", self.folder / "predictions.csv"
        self.dana.download_inputs(HOLDOUT_DATASET, 1, inputs)
        training.predict(self.folder / label, inputs, predictions)
        self.dana.hand_in_predictions(self.model, number, predictions, dataset=f"{HOLDOUT_DATASET}@1")
