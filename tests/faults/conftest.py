import pytest

from tests.faults.desks import Desk, desk_in, fresh_database


@pytest.fixture(scope="module", params=["SQLite", "PostgreSQL"])
def desk(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A desk on the embedded database, and one on a real PostgreSQL server."""
    url = fresh_database(request.getfixturevalue("postgresql_url")) if request.param == "PostgreSQL" else ""
    return desk_in(tmp_path_factory.mktemp("desk"), database_url=url)
