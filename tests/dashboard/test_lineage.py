"""The lineage page, the page of what rests on one thing, and the marks that a reported bug leaves on others."""

import re
from typing import Any
from xml.etree import ElementTree

import pytest

from accounts.roles import Role
from approvals.actions import clear_defect, report_defect
from dashboard.lineage_drawing import BOX_HEIGHT, BOX_WIDTH, draw
from registry.actions import find_or_add_pointer
from registry.lineage import Basis, basis_of_dataset
from registry.models import Defect, Model, Version
from tests import factories
from tests.approvals.operating import put_live
from tests.dashboard.browsing import client_of, page_of, queries_of, section
from tests.factories import persona

pytestmark = pytest.mark.django_db

COMMIT = Basis("commit", "c" * 40)
SAID = re.compile("reported bug|reports a bug")
IMPACT = f"/lineage/impact/?commit={COMMIT.text}"


@pytest.fixture
def people() -> Any:
    return factories.personas()


@pytest.fixture
def loan(people: Any) -> Model:
    factories.policies()
    return factories.model_named("loan")


@pytest.fixture
def version(loan: Model) -> Version:
    return factories.version_of(loan, run_id="run-17", framework={"name": "sklearn", "version": "1.9"})


def lineage_of(version: Version) -> str:
    return f"/models/{version.model.name}/versions/{version.number}/lineage/"


def text_of(part: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", part)).strip()


def reported(basis: Basis = COMMIT, reason: str = "The seed was the target.") -> Defect:
    return report_defect(basis, actor=persona("sam"), reason=reason)


def drawn_boxes(page: str) -> list[str]:
    drawing = re.search(r'<svg class="drawing".*?</svg>\s*</div>', page, re.DOTALL)
    assert drawing
    svg = ElementTree.fromstring(drawing[0].removesuffix("</div>").strip())  # noqa: S314  it is our own page
    return [" ".join("".join(text.itertext()) for text in box.findall("text")) for box in svg.findall("svg")]


# --- Lineage ------------------------------------------------------------------------------------------


def test_the_page_leads_from_data_and_code_to_the_version_and_on(people: Any, loan: Model, version: Version) -> None:
    factories.evidence_of(version)
    derived = factories.version_of(loan, base_model=version)
    page = page_of(people.riley, lineage_of(version))
    built = text_of(section(page, "built-on"))
    assert "Dataset loan-train@1 Git commit data at aaaaaaaa" in built
    assert "Code cccccccccccc https://git.example.org/loan" in built
    assert "Base Derived from no other model" in built
    assert f'href="{IMPACT}"' in page
    made = text_of(section(page, "made"))
    assert "Training run run-17 registered by Dana Ortiz" in made
    assert "Environment sklearn 1.9 Python 3.11 1 package Artifact" in made
    follows = text_of(section(page, "follows"))
    assert "Evaluated on loan-holdout@1 its evidence" in follows
    assert f"Derived from it {derived} Staging" in follows
    assert "Base loan v1" in text_of(section(page_of(people.riley, lineage_of(derived)), "built-on"))


def test_the_drawing_says_what_the_list_says(people: Any, loan: Model, version: Version) -> None:
    factories.evidence_of(version)
    reported()
    page = page_of(people.riley, lineage_of(version))
    assert drawn_boxes(page) == [
        "Dataset loan-train@1",
        "Code: reported bug cccccccccccc",
        "Features 1 feature",
        "Training run run-17",
        "Environment sklearn 1.9",
        "Environment Python 3.11",
        "Environment 1 package",
        f"Artifact onnx, {version.artifact_size} bytes",
        "Version loan v1",
        "Evaluated on loan-holdout@1",
    ]
    assert "loan v1 is built on 3 things, of which 1 has a reported bug. 1 thing follows from it." in page


def test_boxes_never_overlap_and_lines_end_at_their_edges() -> None:
    drawing = draw(
        [("Data", [(f"data-{number}@1", False) for number in range(9)]), ("Code", [("c" * 12, True)])],
        [("Run", [("a" * 128, False)])],
        [("Evaluated on", [("holdout@1", False)])],
        version="loan v3",
    )
    corners = {(box.x, box.y) for box in drawing.boxes}
    assert len(corners) == len(drawing.boxes) == 8
    for one in drawing.boxes:
        assert one.y >= 0 and one.y + BOX_HEIGHT <= drawing.height and one.x + BOX_WIDTH <= drawing.width
        same = [other for other in drawing.boxes if other.x == one.x and other is not one]
        assert all(abs(other.y - one.y) >= BOX_HEIGHT for other in same)
        assert len(one.text) <= 29
    assert [box.text for box in drawing.boxes][:5] == [
        *(f"data-{n}@1" for n in range(3)),
        "6 more, in the list",
        "c" * 12,
    ]
    assert len(drawing.lines) == 5 + 1 + 1


def test_a_bug_among_those_left_out_is_drawn_on_the_box_that_stands_for_them() -> None:
    drawing = draw([("Data", [(f"data-{n}@1", n == 8) for n in range(9)])], [], [], version="loan v3")
    assert [(box.text, box.has_defect) for box in drawing.boxes][3] == ("6 more, in the list", True)
    assert len(drawing.lines) == 4  # straight to the version, where nobody knows how it was made


def test_a_version_of_which_nothing_is_known_says_so(people: Any, loan: Model) -> None:
    bare = factories.version_of(
        loan, trained_on=[], code_repository="", code_commit="", environment={}, final=False, features=["amount"]
    )
    page = page_of(people.riley, lineage_of(bare))
    assert "Dataset No dataset version is named Code Not known" in text_of(section(page, "built-on"))
    assert "Artifact Not fixed yet" in text_of(section(page, "made"))
    assert "Evaluated on Not measured yet Derived from it None" in text_of(section(page, "follows"))


def test_models_that_the_reader_can_not_see_are_counted_and_not_named(people: Any, loan: Model) -> None:
    secret = factories.model_named("secret")
    base = factories.version_of(secret)
    version = factories.version_of(loan, base_model=base)
    factories.version_of(secret, base_model=version)
    vera = factories.person("Vera", Role.VIEWER, model=loan)
    for address in (lineage_of(version), IMPACT):
        assert "secret" in page_of(people.riley, address)
    for address in (lineage_of(version), f"/models/loan/versions/{version.number}/", IMPACT, "/", "/models/loan/"):
        assert "secret" not in page_of(vera, address)
    assert "1 derived version of models that you can’t see isn’t named" in page_of(vera, lineage_of(version))
    assert "2 versions of models that you can’t see aren’t named" in page_of(vera, IMPACT)
    page_of(vera, lineage_of(base), 404)


def test_a_base_elsewhere_and_a_hidden_bug_are_told_as_far_as_may_be(people: Any, loan: Model) -> None:
    outside = factories.version_of(loan, base_uri="hf://org/bert@abc", trained_on=[])
    assert "Base hf://org/bert@abc not registered here" in text_of(page_of(people.riley, lineage_of(outside)))
    base = factories.version_of(factories.model_named("secret"), trained_on=[], code_commit="e" * 40)
    version = factories.version_of(loan, base_model=base, trained_on=[])
    reported(Basis("base", "secret@1", base=base))
    vera = factories.person("Vera", Role.VIEWER, model=loan)
    for address in (lineage_of(version), f"/models/loan/versions/{version.number}/", "/models/loan/"):
        page = page_of(vera, address)
        assert "its base version" in page
        assert not any(word in page for word in ("secret", "The seed was the target."))
    assert "A bug is reported in its base version" in page_of(vera, lineage_of(version))
    assert "The seed was the target." in page_of(people.riley, lineage_of(version))


# --- Impact -------------------------------------------------------------------------------------------


def test_what_is_live_comes_first_and_says_how_it_rests_on_it(people: Any, loan: Model, version: Version) -> None:
    live = put_live(loan)
    factories.version_of(loan, base_model=live, code_commit="e" * 40, trained_on=[])
    lines = [text_of(line) for line in section(page_of(people.riley, IMPACT), "resting").split("<tr")[2:]]
    assert [line.removeprefix('role="row"> ') for line in lines[:2]] == [
        f"loan {live.name} Production Made by it",
        "loan v3 Staging Derived from a version that was",
    ]


@pytest.mark.parametrize(
    ("asked", "found"),
    [("dataset=loan-train@1", "loan-train@1"), ("feature=amount", "feature amount"), ("base=loan@1", "loan v1")],
)
def test_each_kind_of_thing_can_be_asked_about(people: Any, version: Version, asked: str, found: str) -> None:
    page = page_of(people.riley, f"/lineage/impact/?{asked}")
    assert f"<h1>What rests on {found}</h1>" in page
    assert "/models/loan/versions/1/lineage/" in section(page, "resting")


def test_the_form_leads_to_an_address_that_can_be_kept(people: Any, version: Version) -> None:
    client = client_of(people.riley)
    assert "Ask" in client.get("/lineage/impact/").content.decode()
    answer = client.get("/lineage/impact/?kind=feature&thing=a+b")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/lineage/impact/?feature=a+b")
    assert client.get("/lineage/impact/?commit=abc").status_code == 422
    assert client.get("/lineage/impact/?dataset=none@1").status_code == 404


# --- Reporting and clearing -----------------------------------------------------------------------------


def test_a_bug_is_reported_and_cleared_without_script(people: Any, version: Version) -> None:
    sam = client_of(people.sam)
    answer = sam.post("/lineage/defects/", {"commit": COMMIT.text, "reason": "The seed was the target."}, follow=True)
    page = answer.content.decode()
    assert "The bug in commit cccccccccccc is reported." in page
    assert "Sam Okafor reported it" in section(page, "bug")
    defect = Defect.objects.get()
    page = sam.post(f"/lineage/defects/{defect.pk}/clear/", {"reason": "Built anew."}, follow=True).content.decode()
    assert "The reported bug is cleared" in page
    assert "Built anew." in section(page, "bug")
    assert not Defect.objects.get().is_open


def test_a_refused_report_keeps_the_words_and_says_why(people: Any, version: Version) -> None:
    reported()
    answer = client_of(people.omar).post("/lineage/defects/", {"commit": COMMIT.text, "reason": "I saw it, too."})
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "Sam Okafor has reported a bug in commit cccccccccccc already." in page
    assert "I saw it, too." in page


def test_a_bug_in_a_commit_that_nothing_rests_on_is_shown_and_can_be_cleared(people: Any, version: Version) -> None:
    sam, unused = client_of(people.sam), "d" * 40
    page = sam.post("/lineage/defects/", {"commit": unused, "reason": "Mistyped."}, follow=True).content.decode()
    assert "Sam Okafor reported it" in section(page, "bug")
    assert "Report a bug in" not in page
    assert "Mistyped." not in page_of(people.dana, f"/lineage/impact/?commit={unused}")
    cleared = sam.post(f"/lineage/defects/{Defect.objects.get().pk}/clear/", {"reason": "It is another."}, follow=True)
    assert "The reported bug is cleared" in cleared.content.decode()
    assert "It is another." in section(cleared.content.decode(), "bug")
    assert "It is another." not in page_of(people.dana, f"/lineage/impact/?commit={unused}")


def test_whose_promotion_it_holds_is_told_so_in_place_of_the_form(people: Any, loan: Model) -> None:
    both = factories.person("Bo Both", Role.CONTRIBUTOR, Role.APPROVER)
    promotion = factories.promotion_in("in_review", version=factories.version_of(loan, by=both))
    defect = reported()
    panel = section(page_of(both, IMPACT), "bug")
    assert f"You can’t clear this bug: it holds promotion {promotion.pk}" in panel.replace("&#x27;", "’")
    assert "<form" not in panel
    answer = client_of(both).post(f"/lineage/defects/{defect.pk}/clear/", {"reason": "It is nothing."})
    assert answer.status_code == 403
    assert Defect.objects.get().is_open


@pytest.mark.parametrize(
    ("asked", "readers"),
    [
        (f"commit={COMMIT.text}", "Everybody who sees a model that rests on it reads what you write here"),
        ("dataset=loan-train@1", "Everybody who sees datasets reads what you write here"),
        ("base=loan@1", "Everybody who sees loan, and nobody else, reads what you write here."),
    ],
)
def test_who_reports_a_bug_is_told_who_will_read_it(people: Any, version: Version, asked: str, readers: str) -> None:
    assert readers in section(page_of(people.sam, f"/lineage/impact/?{asked}"), "bug")


def test_who_may_not_report_is_told_who_can(people: Any, version: Version) -> None:
    page = section(page_of(people.dana, IMPACT), "bug")
    assert "<form" not in page
    assert "Approvers and operators of a model that rests on it may." in page
    assert "<form" in section(page_of(people.omar, IMPACT), "bug")


def test_the_record_leads_to_what_rests_on_it(people: Any, version: Version) -> None:
    reported()
    page = page_of(people.ana, "/audit/")
    assert re.search(
        rf'Sam Okafor</strong> +reported a bug in <a href="{re.escape(IMPACT)}">commit cccccccccccc</a>', page
    )


# --- The marks --------------------------------------------------------------------------------------------


def test_a_reported_bug_is_seen_wherever_it_matters_until_it_is_cleared(people: Any, loan: Model) -> None:
    version = put_live(loan)
    promotion = factories.promotion_in("in_review", model=loan)
    defect = reported(basis_of_dataset(version.trained_on.get()), "The March rows are doubled.")
    places = {
        "/": people.dana,
        "/models/loan/": people.dana,
        f"/models/loan/versions/{version.number}/": people.dana,
        lineage_of(version): people.dana,
        f"/promotions/{promotion.pk}/": people.riley,
        "/datasets/loan-train/versions/1/": people.riley,
    }
    for address, who in places.items():
        assert SAID.search(page_of(who, address)), address
    assert not SAID.search(page_of(people.riley, "/"))
    assert "of your models rest on something with a reported bug, 1 of them live" in page_of(people.dana, "/")
    clear_defect(defect, actor=people.sam, reason="Loaded anew.")
    for address, who in places.items():
        assert not SAID.search(page_of(who, address)), address


def test_rollback_to_what_rests_on_a_bug_warns_and_offers_it_without_choosing_it(people: Any, loan: Model) -> None:
    put_live(loan)
    put_live(loan)
    assert "bug" not in page_of(people.omar, "/models/loan/rollback/")
    reported()
    page = page_of(people.omar, "/models/loan/rollback/")
    assert "A bug is reported in commit cccccccccccc." in page
    assert 'name="to" value="1"' in page
    assert not re.search(r'name="to" value="1"[^>]*checked', page)
    assert "There is a doubt about each of them, so none is chosen beforehand." in page
    sent = {"to": "1", "reason": "Three in the morning.", "expected_live": "2"}
    page = client_of(people.omar).post("/models/loan/rollback/", sent, follow=True).content.decode()
    assert "loan v1 is live. A bug is reported in commit cccccccccccc. Somebody else looks" in page


def test_data_that_it_was_only_measured_on_casts_doubt_on_the_figures_alone(people: Any, version: Version) -> None:
    factories.evidence_of(version)
    reported(basis_of_dataset(factories.holdout().dataset_version))
    for address in (lineage_of(version), "/models/loan/versions/1/"):
        page = page_of(people.riley, address)
        assert "Its figures are in doubt: they were measured on data with a reported bug." in page
        assert "It rests on something" not in page
    panel = text_of(section(page_of(people.riley, "/lineage/impact/?dataset=loan-holdout@1"), "bug"))
    assert "only measured on it are not held: their figures are in doubt" in panel
    assert "none is promoted" not in panel


# --- Cost ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["lineage", IMPACT, "/models/loan/", "/"])
def test_the_number_of_queries_does_not_grow(people: Any, loan: Model, version: Version, address: str) -> None:
    reported()
    address = lineage_of(version) if address == "lineage" else address
    client = client_of(people.dana)
    client.get(address)

    def another(number: int) -> None:
        data = find_or_add_pointer(f"more-{number}", kind="git", location="x", pin="d" * 40, actor=people.dana)
        reported(basis_of_dataset(data))
        factories.version_of(loan, base_model=version, trained_on=[data])
        version.trained_on.add(data)

    another(0)
    few = queries_of(lambda: client.get(address))
    for number in range(1, 5):
        another(number)
    assert queries_of(lambda: client.get(address)) == few
