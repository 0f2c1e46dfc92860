"""Pages of the record: newest first, by key, for those who may see them."""

from audit.queries import Filters, events_about, events_page
from registry.events import MODEL_CREATED, VERSION_REGISTERED
from tests.audit.conftest import happen


def read_all(size=10, between=lambda: None, model="loan", **filters):
    """Pages about a model until the end, as a reader turns them; `between` happens after each."""
    seen, before = [], None
    while True:
        page = events_page(Filters(model, before=before, **filters), visible_models=None, size=size)
        seen.append([event.pk for event in page.events])
        if page.next_before is None:
            return seen
        before = page.next_before
        between()


def test_pages_neither_skip_nor_repeat_while_events_are_appended(db):
    there = [happen().pk for _ in range(35)]
    pages = read_all(size=10, between=happen)
    assert [len(page) for page in pages] == [10, 10, 10, 5]
    assert [pk for page in pages for pk in page] == sorted(there, reverse=True)


def test_a_last_page_that_is_full_is_known_to_be_the_last(db):
    for _ in range(10):
        happen()
    assert [len(page) for page in read_all(size=5)] == [5, 5]


def test_where_nothing_happened_there_is_one_empty_page(db):
    assert read_all() == [[]]


def test_filters_narrow_and_combine(db):
    wanted = happen(verb=VERSION_REGISTERED, model="loan")
    happen(verb=MODEL_CREATED, model="loan")
    happen(verb=VERSION_REGISTERED, model="fare")
    assert read_all(verb=VERSION_REGISTERED.name) == [[wanted.pk]]
    assert read_all(actor="dana") == [[]]


def test_readers_see_events_of_their_models_only(db):
    mine = happen(model="loan")
    happen(model="fare")
    happen(model="")
    page = events_page(Filters(), visible_models=["loan"])
    assert [event.pk for event in page.events] == [mine.pk]


def test_who_sees_no_model_sees_no_event(db):
    happen(model="loan")
    happen(model="")
    assert events_page(Filters(), visible_models=[]).events == []


def test_asking_for_a_hidden_model_by_name_shows_nothing(db):
    happen(model="fare")
    assert events_page(Filters(model="fare"), visible_models=["loan"]).events == []


def test_events_about_a_subject_come_oldest_first_and_are_only_its_own(db):
    first, _, second = happen(subject="1"), happen(subject="12"), happen(subject="1")
    assert list(events_about("model", "1")) == [first, second]
    assert not events_about("version", "1").exists()


def test_a_page_takes_one_query_however_full(db, django_assert_num_queries):
    for _ in range(60):
        happen()
    with django_assert_num_queries(1):
        page = events_page(Filters(), visible_models=None)
        assert all(event.before_subject and event.reason is not None for event in page.events)
