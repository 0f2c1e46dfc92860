"""What happens in the demo, told over HTTP by the people themselves: from data to promotions in many states.

Each chapter checks the state that it leads to; the figures are whatever the gates measure.
"""

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from assaydesk_client.answers import Gate, Promotion
from assaydesk_client.client import Client
from assaydesk_client.waiting import wait_for_promotion
from config.demo import training
from config.demo.steps import Steps, Unexpected

MODEL = "loan-approval"
TRAINING_DATASET, HOLDOUT_DATASET = "loan-train", "loan-holdout"
LAST_LABEL = "1.6.0"
STAGING, PRODUCTION = "Staging", "Production"
GATES_WITHIN = 180.0  # seconds, on a slow machine
ASK_EVERY = 0.2  # seconds


class Story:
    """`cast`: a client for each of dana, riley, sam and pipeline. `folder`: what config.demo.train wrote."""

    def __init__(self, cast: Mapping[str, Client], folder: Path, steps: Steps) -> None:
        self._dana, self._riley, self._sam = cast["dana"], cast["riley"], cast["sam"]
        self._pipeline = cast["pipeline"]
        self._folder = folder
        self._steps = steps

    def create_model(self) -> None:
        with self._steps.step(f"dana creates the model {MODEL}"):
            self._dana.create_model(
                MODEL,
                description="How likely a lender is to approve a mortgage application.",
                use_case="Showing how Assaydesk reviews a model; it decides about nobody's loan.",
                risk_tier="high",
                primary_metric="auc",
            )

    def register_datasets(self) -> None:
        said = json.loads((self._folder / "datasets.json").read_text())
        with self._steps.step("dana notes the training data by digest; sam locks the other half as holdout"):
            self._dana.create_dataset(TRAINING_DATASET, "The half of the applications that models are fitted on.")
            self._dana.point_dataset(TRAINING_DATASET, **said["training"])
            self._sam.create_dataset(HOLDOUT_DATASET, "The other half: what every version is judged on.")
            self._sam.lock_dataset(HOLDOUT_DATASET, self._folder / "loan-holdout.csv", **said["holdout"])

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
        with self._steps.step("1.0.0 goes through Staging to Production: nothing is live yet; riley and sam approve"):
            number = self._register("1.0.0")
            promotion = self._ask_for_production(
                number, "A first score that can be checked by hand, for later versions to beat."
            )
            self._approve(
                promotion,
                riley="Four ratios whose weights fit on a line, and a complete card. Good enough to begin with.",
                sam="Nothing is live, so nothing can get worse. To go back is to switch it off.",
            )

    def _go_live_next(self) -> None:
        with self._steps.step("1.1.0 replaces it in Production; what the gates couldn't settle is acknowledged"):
            number = self._register("1.1.0")
            promotion = self._ask_for_production(number, "Adds how the applicant paid earlier debts.")
            self._acknowledge_inconclusive(
                promotion,
                "The holdout is too small here to settle it. I accept that for this step, "
                "and will look at the same gate again with the next version.",
            )
            self._approve(
                promotion,
                riley="Read the segments and the card. The added columns are what a lender would ask for.",
                sam="Costs nothing more to run; 1.0.0 stays there to go back to.",
            )

    def _register_further_versions(self) -> dict[str, int]:
        with self._steps.step("pipeline registers 1.2.0 on behalf of dana, and dana 1.3.0 to 1.6.0"):
            numbers = {"1.2.0": self._register("1.2.0", by=self._pipeline, on_behalf_of="dana")}
            return numbers | {label: self._register(label) for label in ("1.3.0", "1.4.0", "1.5.0", LAST_LABEL)}

    def _leave_in_review(self, number: int) -> Promotion:
        with self._steps.step("1.2.0 is up for Production: the gates let it through, nobody has approved it yet"):
            return self._ask_for_production(number, "Sees the whole file, and combinations that a sum can't express.")

    def _get_blocked(self, number: int) -> None:
        with self._steps.step("1.3.0 is blocked by its gates"):
            reason = "Sixteen rules at most, which could be printed for every branch office."
            self._ask_for_production(number, reason, expect="blocked")

    def _stay_inconclusive(self, number: int) -> None:
        with self._steps.step("1.4.0 is up for Production, where a gate is inconclusive"):
            promotion = self._ask_for_production(
                number, "Does without the lender's own checks, so it works on the day of the application."
            )
            if not _inconclusive(promotion):
                raise Unexpected(f"Every gate of promotion {promotion['id']} was conclusive.")

    def _withdraw(self, number: int) -> None:
        with self._steps.step("1.5.0, a joblib file, is judged by predictions handed in; dana withdraws it again"):
            self._hand_in_predictions("1.5.0", number)
            promotion = self._ask_for_production(number, "The average of many random trees.")
            reason = "Serving shouldn't load a joblib file. I'll export the trees to ONNX and register them anew."
            _expect(self._dana.withdraw_promotion(promotion["id"], reason=reason), "withdrawn")

    def _be_rejected(self, number: int) -> None:
        with self._steps.step("1.6.0 is rejected by riley, whatever its gates say"):
            promotion = self._ask_for_production(number, "Adds what is known of the property's neighbourhood.")
            rejected = self._riley.review_promotion(
                promotion["id"],
                verdict="reject",
                comment="Vacant and boarded-up houses in the tract say more about where people were made to live "
                "than about this applicant. Please leave the neighbourhood out.",
                seal=promotion["seal"],
            )
            _expect(rejected, "rejected")

    # --- What the chapters are made of ---

    def _register(self, label: str, *, by: Client | None = None, on_behalf_of: str = "") -> int:
        """Registers a trained version with file and card, finalises it, and answers with its number."""
        client, folder = by or self._dana, self._folder / label
        said = json.loads((folder / "version.json").read_text())
        number = client.register_version(MODEL, {**said, "on_behalf_of": on_behalf_of})["version"]
        client.upload_artifact(MODEL, number, folder / f"model.{said['format']}")
        client.put_card(MODEL, number, (folder / "card.md").read_text())
        client.finalize_version(MODEL, number)
        return number

    def _hand_in_predictions(self, label: str, number: int) -> None:
        inputs, predictions = self._folder / "inputs.csv", self._folder / "predictions.csv"
        self._dana.download_inputs(HOLDOUT_DATASET, 1, inputs)
        training.predict(self._folder / label, inputs, predictions)
        self._dana.hand_in_predictions(MODEL, number, predictions, dataset=f"{HOLDOUT_DATASET}@1")

    def _ask_for_production(self, number: int, reason: str, *, expect: str = "in_review") -> Promotion:
        """Waits for Staging, opens the promotion to Production, and waits for its gates."""
        self._wait_for_staging(number)
        opened = self._dana.open_promotion(MODEL, number, to=PRODUCTION, reason=reason)
        return _expect(self._wait(opened["id"], until={"in_review", "blocked"}), expect)

    def _wait_for_staging(self, number: int) -> None:
        found = [line for line in self._dana.promotions(model=MODEL) if line["version"] == number]
        for line in found:
            _expect(self._wait(line["id"], until={"completed", "blocked"}), "completed")

    def _wait(self, promotion: int, *, until: set[str]) -> Promotion:
        return wait_for_promotion(
            self._dana, promotion, until=until, timeout=GATES_WITHIN, pause=lambda _seconds: time.sleep(ASK_EVERY)
        )

    def _acknowledge_inconclusive(self, promotion: Promotion, reason: str) -> None:
        for gate in _inconclusive(promotion):
            self._riley.acknowledge_gate(promotion["id"], gate["key"], reason=reason, digest=gate["digest"])

    def _approve(self, promotion: Promotion, *, riley: str, sam: str) -> None:
        """Both slots in turn, each with its part of the checklist."""
        self._fill(promotion, self._riley, "model", riley)
        _expect(self._fill(promotion, self._sam, "risk", sam), "completed")

    def _fill(self, promotion: Promotion, reviewer: Client, slot: str, comment: str) -> Promotion:
        return reviewer.review_promotion(
            promotion["id"],
            verdict="approve",
            comment=comment,
            seal=promotion["seal"],
            slot=slot,
            ticks=[item["item"] for item in promotion["checklist"] if item["slot"] == slot],
        )


def _inconclusive(promotion: Promotion) -> Sequence[Gate]:
    return [gate for gate in promotion["gates"] if gate["outcome"] == "inconclusive"]


def _expect(promotion: Promotion, state: str) -> Promotion:
    if promotion["state"] == state:
        return promotion
    standing = [f"{gate['title']}: {gate['summary']}" for gate in promotion["gates"] if gate["outcome"] != "passed"]
    what = f"Promotion {promotion['id']} is {promotion['state_title'].lower()}, not {state}."
    raise Unexpected(" ".join([what, *standing]))
