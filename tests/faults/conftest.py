import pytest

from tests.faults.desks import Desk, desk_at_work_in, embedded_desk_in, fresh_database


@pytest.fixture(scope="module", params=["SQLite", "PostgreSQL"])
def desk(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A desk on the embedded database, and one on a real PostgreSQL server."""
    folder = tmp_path_factory.mktemp("desk")
    if request.param == "SQLite":
        return embedded_desk_in(folder, request.getfixturevalue("empty_desk"))
    return desk_at_work_in(folder, database_url=fresh_database(request.getfixturevalue("postgresql_url")))
