"""The demo as a person gets it: a real server and workers, its own folder, and what is there to be seen afterwards."""

import io
import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import httpx
import numpy as np
import pandas as pd
import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings
from onnxruntime import InferenceSession
from sklearn.metrics import roc_auc_score

from accounts.models import User
from assaydesk_client import Client, TimedOut, wait_for_promotion
from config.demo.loans import read_applications, split
from config.demo.steps import StepFailed, Steps, Unexpected
from config.demo.training import predict
from registry.actions import create_model
from tests.factories import persona
from tests.served import PASSWORD, ToldDemo, manage, serving

SCOPES = dict.fromkeys(("dana", "riley", "sam"), ("--scope=read", "--scope=review"))

whole = [pytest.mark.servers, pytest.mark.slow, pytest.mark.xdist_group("demo")]


class Desk(SimpleNamespace):
    """The served desk: folder, url, tokens by person; `told`: its story; `left`: its promotions to Production."""

    def client(self, username: str) -> Client:
        if username not in self.tokens:
            issued = manage(self.folder, "issue_token", username, *SCOPES.get(username, ()))
            self.tokens[username] = issued.written.strip()
        return Client(self.url, self.tokens[username])


@pytest.fixture(scope="module")
def desk(told_demo: ToldDemo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Served anew after its story, as on any later day."""
    folder = told_demo.copy(tmp_path_factory.mktemp("demo") / "var")
    start = re.search(r"Start here: (\S+)/promotions/(\d+)/ as riley", told_demo.written)
    assert start, told_demo.written
    with serving(folder) as (_, url):
        desk = Desk(told=told_demo, folder=folder, url=url, start=start, tokens={})
        desk.left = promotions(desk)
        yield desk


def promotions(desk: Desk, model: str = "loan-approval", to: str = "Production") -> dict[str, Any]:
    """Label → promotion of the model to the stage."""
    with desk.client("ana") as ana:
        lines = [line for line in ana.promotions(model=model) if line["to_stage"] == to]
        return {line["label"]: ana.promotion(line["id"]) for line in lines}


class TestWhole:
    pytestmark = whole

    def test_every_version_is_where_its_story_ends(self, desk):
        assert {label: promotion["state"] for label, promotion in desk.left.items()} == {
            "1.0.0": "completed",
            "1.1.0": "completed",
            "1.2.0": "in_review",
            "1.3.0": "blocked",
            "1.4.0": "in_review",
            "1.5.0": "withdrawn",
            "1.6.0": "rejected",
        }
        with desk.client("ana") as ana:
            stages = [ana.version("loan-approval", number)["stage"] for number in range(1, 8)]
            assert [arm["label"] for arm in ana.production("loan-approval")["arms"]] == ["1.1.0"]
        assert stages == ["Archived", "Production", *["Staging"] * 5]

    def test_gates_end_in_every_way_and_people_saw_what_was_open(self, desk):
        outcomes = {gate["outcome"] for promotion in desk.left.values() for gate in promotion["gates"]}
        assert outcomes == {"passed", "failed", "inconclusive"}
        for gate in desk.left["1.1.0"]["gates"]:
            assert gate["acknowledged_by"] == ("riley" if gate["outcome"] == "inconclusive" else "")

    def test_first_click_leads_to_an_untouched_review_that_its_makers_cannot_decide(self, desk):
        waiting = desk.left["1.2.0"]
        assert (desk.start[1], int(desk.start[2])) == (desk.told.url, waiting["id"])
        assert [slot["filled_by"] for slot in waiting["slots"]] == [[], []]
        assert not waiting["reviews"]
        with desk.client("dana") as dana:
            version = dana.version("loan-approval", waiting["version"])
            assert (version["registered_by"], version["on_behalf_of"]) == ("pipeline", "dana")
            with pytest.raises(Exception, match="You can't decide: "):
                dana.review_promotion(waiting["id"], verdict="approve", comment="mine", seal=waiting["seal"])

    def test_figures_are_those_of_the_registered_files_on_the_locked_rows(self, desk, tmp_path):
        _, holdout = split(read_applications())
        with desk.client("ana") as ana:
            for label in ("1.0.0", "1.2.0", "1.3.0"):
                version = ana.version("loan-approval", desk.left[label]["version"])
                ana.download_artifact(
                    "loan-approval", version["version"], version["artifact"]["files"][0], tmp_path / label
                )
                inputs = {"application": holdout[version["features"]].to_numpy(np.float32)}
                scores = InferenceSession(tmp_path / label).run(["probabilities"], inputs)[0][:, 1]
                floor = next(gate for gate in desk.left[label]["gates"] if gate["key"] == "quality-floor")
                [shown] = re.findall(r"\AAUC ([\d.]+) ", floor["summary"])
                assert float(shown) == pytest.approx(roc_auc_score(holdout["approve"], scores), abs=0.000_501)

    def test_joblib_version_rests_on_predictions_handed_in(self, desk):
        provenance = {
            label: next(gate["provenance"] for gate in left["gates"] if gate["key"] == "quality-floor")
            for label, left in desk.left.items()
        }
        assert provenance.pop("1.5.0") == "scored"
        assert set(provenance.values()) == {"executed"}

    def test_fares_are_judged_by_rmspe_and_move_to_staging_by_themselves_or_not_at_all(self, desk):
        staging = promotions(desk, "air-fare", "Staging")
        assert {label: each["state"] for label, each in staging.items()} == {
            "1.0.0": "blocked",
            "1.1.0": "completed",
            "1.2.0": "completed",
        }
        for promotion in staging.values():
            assert promotion["slots"] == promotion["reviews"] == []
            ceiling = next(gate for gate in promotion["gates"] if gate["key"] == "error-ceiling")
            assert re.match(r"RMSPE \d+\.\d\d% [≤>] 20\.00% on air-fare-holdout@1", ceiling["summary"])
        with desk.client("ana") as ana:
            assert [arm["label"] for arm in ana.production("air-fare")["arms"]] == ["1.1.0"]
            assert [ana.version("air-fare", n)["stage"] for n in (1, 2, 3)] == ["None", "Production", "Staging"]

    def test_a_fare_model_is_rejected_by_a_person_where_its_gate_can_not_tell(self, desk):
        rejected = promotions(desk, "air-fare")["1.2.0"]
        assert (rejected["state"], rejected["reviews"][0]["reviewer"]) == ("rejected", "sam")
        kept = next(gate for gate in rejected["gates"] if gate["key"] == "rmspe-kept")
        assert kept["outcome"] == "inconclusive"
        assert "more rows" in kept["summary"]

    def test_digits_wait_for_review_with_a_gain_and_a_loss(self, desk):
        left = promotions(desk, "digit-reader")
        assert {label: each["state"] for label, each in left.items()} == {"1.0.0": "completed", "1.1.0": "in_review"}
        assert {gate["outcome"] for gate in left["1.1.0"]["gates"]} == {"passed"}
        with desk.client("ana") as ana:
            (arm,) = ana.production("digit-reader")["arms"]
        assert (arm["task"], arm["decision_threshold"]) == ("multiclass", None)
        assert arm["contract"]["classes"] == [str(digit) for digit in range(10)]

    def test_inputs_handed_out_carry_no_answer(self, desk, tmp_path):
        with desk.client("dana") as dana:
            dana.download_inputs("loan-holdout", 1, tmp_path / "inputs.csv")
        columns = pd.read_csv(io.StringIO((tmp_path / "inputs.csv").read_text())).columns
        assert "approve" not in columns

    @pytest.mark.parametrize("username", ["dana", "riley", "sam", "omar", "ana", "admin"])
    def test_everybody_in_the_table_can_sign_in(self, desk, username):
        assert re.search(rf"demo +\| +{username} +\S", desk.told.written)
        with httpx.Client(base_url=desk.url) as browser:
            page = browser.get("/sign-in/").text
            [token] = set(re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', page))
            form = {"username": username, "password": PASSWORD, "csrfmiddlewaretoken": token}
            browser.post("/sign-in/", data=form, headers={"Referer": f"{desk.url}/sign-in/"})
            assert "sessionid" in browser.cookies

    def test_tokens_of_the_story_are_no_longer_good(self, desk):
        with desk.client("ana") as ana:
            issued = [event["after"]["prefix"] for event in ana.audit_events(verb="token.issued")]
            revoked = {event["before"]["prefix"] for event in ana.audit_events(verb="token.revoked")}
        assert revoked == set(issued[-5:])  # newest first: the story's own were the first of all

    def test_telling_it_twice_changes_nothing(self, desk):
        assert "The demo is there already." in manage(desk.folder, "demo", "--url", desk.url).written
        assert promotions(desk) == desk.left

    def test_visitor_as_riley_then_sam_takes_1_2_0_live_and_the_rest_is_compared_anew(self, desk):
        waiting = desk.left["1.2.0"]
        for username, slot in (("riley", "model"), ("sam", "risk")):
            with desk.client(username) as reviewer:
                items = [item["item"] for item in waiting["checklist"] if item["slot"] == slot]
                words = {"verdict": "approve", "comment": "Looked at it.", "seal": waiting["seal"]}
                reviewer.review_promotion(waiting["id"], slot=slot, ticks=items, **words)
        with desk.client("ana") as ana:
            assert [arm["label"] for arm in ana.production("loan-approval")["arms"]] == ["1.2.0"]
            after = wait_for_promotion(ana, desk.left["1.4.0"]["id"], until={"blocked", "in_review"}, timeout=60)
        assert after["state"] == "blocked"
        assert (desk.left["1.4.0"]["baseline"], after["baseline"]) == (2, 3)


def test_demo_keeps_off_a_real_database():
    with override_settings(EMBEDDED=False), pytest.raises(CommandError, match="with DATABASE_URL set"):
        call_command("demo")


@pytest.fixture
def embedded_desk(settings: Any) -> None:
    """Also where the suite runs on PostgreSQL: what is asked here comes before any database matters."""
    settings.EMBEDDED = True


@pytest.mark.django_db
def test_demo_that_broke_off_is_not_taken_for_a_whole_one(embedded_desk):
    create_model("loan-approval", actor=persona("dana"))
    with pytest.raises(CommandError, match="broke off"):
        call_command("demo")


@pytest.mark.django_db
def test_demo_takes_nobodys_name(embedded_desk):
    persona("sam")
    with pytest.raises(CommandError, match="accounts named sam already"):
        call_command("demo")


@pytest.mark.django_db
def test_demo_without_a_server_makes_nobody(embedded_desk):
    with pytest.raises(CommandError, match=r"manage\.py serve"):
        call_command("demo", url="http://127.0.0.1:9", stdout=io.StringIO())
    assert not User.objects.filter(username="dana").exists()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (TimedOut("Promotion 3 is still Checking."), "Are the workers running"),
        (Unexpected("It is blocked."), "blocked"),
    ],
)
def test_failing_step_is_named_with_what_to_do(error, words):
    told: list[str] = []
    with (
        pytest.raises(StepFailed, match=f"“1.0.0 goes live” failed: .*{words}"),
        Steps(told.append).step("1.0.0 goes live"),
    ):
        raise error
    assert told == []


def test_child_program_that_fails_is_quoted(tmp_path):
    with pytest.raises(Unexpected, match=r"status 1: FileNotFoundError.*version\.json"):
        predict(tmp_path, tmp_path / "inputs.csv", tmp_path / "predictions.csv")


def test_step_that_is_done_is_told_with_its_seconds():
    told: list[str] = []
    with Steps(told.append).step("1.0.0 goes live"):
        pass
    assert re.fullmatch(r" +0\.0 s  1\.0\.0 goes live", told[0])
