"""The table of a model's versions: figures of one dataset, any order, pages, filter, and the file of it."""

import csv
import io
import re
from typing import Any

import pytest

from approvals.models import State
from audit.spreadsheets import as_written
from dashboard.pages import version_table
from evidence.models import Evaluation, LockedDataset, MetricValue
from registry.models import CardRevision, Model, Stage, Version
from tests import factories
from tests.dashboard.browsing import client_of, page_of, queries_of, section

pytestmark = pytest.mark.django_db

#: AUC of versions 1 to 12: ties, versions that nobody measured (None), and one whose rows don't define it ("").
AUCS = [0.7, None, 0.9, 0.7, "", 0.8, None, 0.7, 0.65, 0.9, None, 0.1]


@pytest.fixture
def people() -> Any:
    return factories.personas()


def bare_version(model: Model, number: int, **facts: Any) -> Version:
    told = {"features": [], "registered_by": factories.persona("dana"), "task": "binary", **facts}
    Model.objects.filter(pk=model.pk).update(versions_registered=number)
    return Version.objects.create(model=model, number=number, **told)


def measured(version: Version, locked: LockedDataset, **values: Any) -> Evaluation:
    evaluation = Evaluation.objects.create(version=version, dataset=locked, provenance="scored", rows=400)
    for metric, value in values.items():
        MetricValue.objects.create(evaluation=evaluation, metric=metric, value=None if value == "" else value, n=400)
    return evaluation


@pytest.fixture
def loan(people: Any) -> Model:
    """Twelve versions, most of them measured."""
    model, locked = factories.model_named(), factories.holdout()
    for number, auc in enumerate(AUCS, 1):
        version = bare_version(model, number)
        if auc is not None:
            measured(version, locked, auc=auc)
    return model


@pytest.fixture
def short_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(version_table, "PAGE_SIZE", 5)


def table(who: Any, query: str = "") -> str:
    return section(page_of(who, f"/models/loan/{query}"), "versions")


def numbers_on(part: str) -> list[int]:
    return [int(number) for number in re.findall(r'<th scope="row"><a href="/models/loan/versions/(\d+)/"', part)]


def numbers_on_all_pages(who: Any, query: str) -> list[int]:
    found: list[int] = []
    address: str | None = query
    while address is not None:
        part = table(who, address)
        found += numbers_on(part)
        link = re.search(r'href="([^"]+)#versions">Next page', part)
        address = link[1].replace("&amp;", "&") if link else None
    return found


def by_auc(*, highest_first: bool) -> list[int]:
    """What the order must be: those without a figure last, newer ones first among equals."""
    figures = {number: auc for number, auc in enumerate(AUCS, 1) if isinstance(auc, float)}
    sign = -1 if highest_first else 1
    rest = [number for number in range(12, 0, -1) if number not in figures]
    return sorted(figures, key=lambda number: (sign * figures[number], -number)) + rest


@pytest.mark.parametrize("highest_first", [True, False])
def test_versions_are_sorted_by_a_metric_through_all_pages(loan: Model, short_pages: None, highest_first: bool) -> None:
    query = "?sort=-auc" if highest_first else "?sort=auc"
    assert numbers_on_all_pages(factories.persona("ana"), query) == by_auc(highest_first=highest_first)


def test_versions_come_newest_first_unless_asked_otherwise(loan: Model, short_pages: None) -> None:
    ana = factories.persona("ana")
    assert numbers_on_all_pages(ana, "") == list(range(12, 0, -1))
    assert numbers_on_all_pages(ana, "?sort=number") == list(range(1, 13))
    assert numbers_on(table(ana, "?sort=profit")) == [12, 11, 10, 9, 8]


def test_a_version_registered_while_the_reader_turns_pages_moves_nothing(loan: Model, short_pages: None) -> None:
    ana = factories.persona("ana")
    first = table(ana, "?sort=-auc")
    link = re.search(r'href="([^"]+)#versions">Next page', first)
    assert link is not None
    measured(bare_version(loan, 13), factories.holdout(), auc=0.99)
    assert numbers_on(first) + numbers_on(table(ana, link[1].replace("&amp;", "&"))) == by_auc(highest_first=True)[:10]


def test_the_heading_says_how_the_table_is_sorted_and_turns_it_round(loan: Model) -> None:
    ana = factories.persona("ana")
    for query, sorted_now, offered in [
        ("?sort=-auc", "descending", "sort=auc"),
        ("?sort=auc", "ascending", "sort=-auc"),
    ]:
        heads = re.findall(r"<th scope=\"col\"[^>]*>.*?</th>", table(ana, query))
        (auc,) = [head for head in heads if "AUC" in head]
        assert f'aria-sort="{sorted_now}"' in auc
        assert f"{offered}#versions" in auc
        assert sum("aria-sort" in head for head in heads) == 1


def test_a_heading_asks_for_the_best_first(people: Any) -> None:
    factories.policies()
    factories.evidence_of(factories.version_of(factories.model_named()))
    shown = table(people.ana)
    assert "sort=-auc#versions" in shown
    assert "sort=log_loss#versions" in shown


def test_versions_of_one_stage_are_shown_alone(people: Any) -> None:
    live = factories.live_version()
    factories.version_of(live.model)
    factories.version_of(live.model, final=False)
    assert numbers_on(table(people.ana, "?stage=Production")) == [1]
    assert numbers_on(table(people.ana, "?stage=Staging")) == [2]
    assert numbers_on(table(people.ana, "?stage=None")) == [3]
    assert "No version is in this stage" in table(people.ana, "?stage=Archived")
    assert numbers_on(table(people.ana, "?stage=Nowhere")) == [3, 2, 1]
    assert numbers_on(table(people.ana, "?sort=stage")) == [1, 2, 3]


def test_a_card_that_was_reviewed_comes_before_one_that_was_not(people: Any) -> None:
    model = factories.model_named()
    for card in (factories.CARD, "", factories.CARD):
        factories.version_of(model, card=card, final=False)
    reviewed = CardRevision.objects.filter(version__number=3)
    reviewed.update(reviewed_by=people.riley, reviewed_at=reviewed.get().written_at)
    shown = table(people.ana, "?sort=card")
    assert numbers_on(shown) == [3, 1, 2]
    assert ["Reviewed" in row for row in shown.split('<th scope="row">')[1:]] == [True, False, False]


def test_an_open_promotion_is_linked_and_sorted_by(people: Any) -> None:
    live = factories.live_version()
    promotion = factories.promotion_in(State.IN_REVIEW, model=live.model)
    factories.version_of(live.model)
    shown = table(people.ana, "?sort=promotion")
    assert numbers_on(shown) == [2, 3, 1]
    assert f'href="/promotions/{promotion.pk}/"' in shown
    assert shown.count("/promotions/") == 1


@pytest.fixture
def two_datasets(loan: Model) -> LockedDataset:
    """Another dataset, on which two versions have other figures than on the first."""
    first = factories.holdout()
    other = LockedDataset.objects.create(
        dataset_version=factories.version_of(loan, final=False).trained_on.get(),
        **{name: getattr(first, name) for name in ("digest", "size", "rows", "columns", "id_column", "target")},
        **{name: getattr(first, name) for name in ("positive_label", "positives", "locked_by")},
    )
    for number, auc in [(1, 0.51), (2, 0.52)]:
        measured(Version.objects.get(model=loan, number=number), other, auc=auc, recall=0.4)
    return other


def test_figures_are_those_of_the_dataset_with_the_most_versions(two_datasets: LockedDataset) -> None:
    shown = table(factories.persona("ana"))
    assert '<option value="loan-holdout@1" selected>loan-holdout@1 (9 versions)' in shown
    assert "0.700" in shown
    assert "0.510" not in shown
    assert ">Recall" not in shown


def test_another_dataset_is_chosen_with_its_own_metrics_and_order(two_datasets: LockedDataset) -> None:
    shown = table(factories.persona("ana"), f"?dataset={two_datasets}&sort=-auc".upper().replace("DATASET", "dataset"))
    assert "0.510" in shown
    assert "0.700" not in shown
    assert ">Recall" in shown
    ordered = table(factories.persona("ana"), f"?dataset={two_datasets}&sort=-auc")
    assert numbers_on(ordered)[:2] == [2, 1]
    assert f"dataset={two_datasets}".replace("@", "%40") in ordered


def test_a_model_with_a_metric_nobody_measures_still_has_a_table(loan: Model) -> None:
    Model.objects.update(primary_metric="profit")
    shown = table(factories.persona("ana"), "?sort=-profit")
    assert ">profit" in shown
    assert numbers_on(shown) == list(range(12, 0, -1))


def test_a_mangled_choice_shows_the_first_page(loan: Model) -> None:
    for query in ("?after=x", "?after=99999999999999999999", "?after=4711", "?dataset=no@9&stage=no&sort=--auc"):
        assert numbers_on(table(factories.persona("ana"), query)) == list(range(12, 0, -1))


def test_the_table_takes_the_same_queries_for_few_and_many(loan: Model) -> None:
    client = client_of(factories.persona("ana"))
    address = "/models/loan/?sort=-auc&after=3"
    few = queries_of(lambda: client.get(address))
    for number in range(13, 30):
        measured(bare_version(loan, number), factories.holdout(), auc=0.3, recall=0.5)
    assert queries_of(lambda: client.get(address)) == few


# --- The file ----------------------------------------------------------------------------------------


def rows_of_file(who: Any, query: str = "") -> list[dict[str, str]]:
    answer: Any = client_of(who).get(f"/models/loan/versions.csv{query}")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="loan-versions.csv"'
    return list(csv.DictReader(io.StringIO(answer.getvalue().decode(), newline="")))


def test_the_file_holds_every_page_in_the_order_of_the_table(loan: Model, short_pages: None) -> None:
    rows = rows_of_file(factories.persona("ana"), "?sort=-auc&after=3")
    assert [int(row["version"]) for row in rows] == by_auc(highest_first=True)
    figures = {int(row["version"]): row["auc"] for row in rows}
    assert figures == {number: str(auc or "") for number, auc in enumerate(AUCS, 1)}


def test_the_file_says_what_the_table_says(people: Any) -> None:
    live = factories.live_version()
    promotion = factories.promotion_in(State.IN_REVIEW, model=live.model, strength=0.5)
    second, first = rows_of_file(people.ana)
    value = Evaluation.objects.get(version=live).values.get(metric="auc", column="").value
    assert float(first["auc"]) == value
    assert (first["auc_provenance"], first["dataset"]) == ("executed", "loan-holdout@1")
    assert (first["stage"], first["registered_by"], first["open_promotions"]) == ("Production", "dana", "")
    assert (second["stage"], second["open_promotions"]) == ("Staging", str(promotion.pk))
    assert rows_of_file(people.ana, "?stage=Production") == [first]


def test_a_label_like_a_formula_opens_as_text(people: Any) -> None:
    model = factories.model_named()
    bare_version(model, 1, label='=HYPERLINK("https://example.org")')
    (row,) = rows_of_file(people.ana)
    assert row["label"].startswith("'=")
    assert as_written(row["label"]) == '=HYPERLINK("https://example.org")'


def test_the_file_asks_no_more_for_more_versions(loan: Model) -> None:
    client = client_of(factories.persona("ana"))

    def read_whole() -> None:
        answer: Any = client.get("/models/loan/versions.csv")
        answer.getvalue()

    few = queries_of(read_whole)
    for number in range(13, 60):
        bare_version(loan, number)
    assert queries_of(read_whole) == few


def test_every_stage_can_be_chosen() -> None:
    assert set(version_table.STAGES) == set(Stage)
