"""What starts Assaydesk at work: the parts' commands, the services, the database's own role for the record."""

import configparser
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from config import environment
from config.management.commands import serve
from tests.fixtures_servers import require_tool
from tests.processes import running

ROOT = Path(__file__).parent.parent.parent
ANY_APPLICATION = "wsgiref.simple_server:demo_app"  # ours asks for a database that is set up
ANALYSE = shutil.which("systemd-analyze")
UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))
EXAMPLE = (ROOT / "deploy" / "assaydesk.env.example").read_text()


def procfile() -> dict[str, list[str]]:
    lines = (ROOT / "Procfile").read_text().splitlines()
    return {name: shlex.split(command) for name, _, command in (line.partition(": ") for line in lines)}


def unit_command(unit: Path) -> list[str]:
    parser = configparser.ConfigParser(strict=False, interpolation=None, delimiters="=")
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(unit)
    instance = "8000" if "web@" in unit.name else "1"
    return shlex.split(parser["Service"]["ExecStart"].replace("%%h", "%h").replace("%i", instance))


def without_place(command: list[str]) -> list[str]:
    """The program's own name and what it is told; not where it is, or what numbers it has."""
    told = re.sub(r"\$\{\w+:-(\d+)\}|\$\$", r"\1", " ".join([Path(command[0]).name, *command[1:]]))
    return re.sub(r"(gates|mail)-1?@", r"\1-@", told).split()


def test_procfile_services_and_readme_start_the_same_parts():
    by_procfile = sorted(without_place(command) for command in procfile().values())
    by_service = sorted(without_place(unit_command(unit)) for unit in UNITS)
    assert by_procfile == by_service
    readme = (ROOT / "README.md").read_text()
    for command in by_procfile:
        assert " ".join(command[:4]) in readme, command


def test_any_number_of_each_part_can_run_on_one_machine():
    """All but the sweeper, of which one a machine is plenty; each web process has a port of its own."""
    assert [unit.name for unit in UNITS if "%i" not in unit.read_text()] == ["assaydesk-sweeper.service"]
    assert "--bind 127.0.0.1:%i" in (ROOT / "deploy" / "systemd" / "assaydesk-web@.service").read_text()


@pytest.mark.parametrize("queue", ["gates", "mail"])
def test_workers_at_work_talk_as_little_to_each_other_as_the_embedded_ones(queue):
    told = {word for word in serve.worker(queue).command if word.startswith("--without-")}
    assert len(told) == 3
    assert told <= set(procfile()[queue])


@pytest.mark.parametrize("part", ["web", "gates", "mail", "beat"])
def test_each_part_s_program_takes_what_it_is_told(part):
    program, *told = procfile()[part]
    program = str(Path(sys.executable).parent / Path(program).name)
    for written, filled_in in (("${WEB_WORKERS:-2}", "2"), ("${PORT:-8000}", "8000"), ("config.wsgi", ANY_APPLICATION)):
        told = [word.replace(written, filled_in) for word in told]
    check = ["--check-config" if part == "web" else "--help"]
    result = subprocess.run([program, *told, *check], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr[-2000:]


@pytest.mark.skipif(ANALYSE is None, reason="systemd isn't installed on this machine")
def test_systemd_understands_the_services(tmp_path):
    """With programs and files that exist here in the place of those at work."""
    for unit in [*UNITS, ROOT / "deploy" / "systemd" / "assaydesk.target"]:
        text = re.sub(r"/opt/assaydesk/\.venv/bin/\w+", "/bin/true", unit.read_text()).replace("/opt/assaydesk", "/")
        (tmp_path / unit.name.replace("@.", "@1.")).write_text(text.replace("User=assaydesk", "User=root"))
    files = [str(path) for path in tmp_path.iterdir()]
    result = subprocess.run([str(ANALYSE), "verify", "--man=no", *files], capture_output=True, text=True, check=False)
    assert "assaydesk" not in result.stderr, result.stderr
    assert result.returncode == 0, result.stderr


def test_the_example_names_only_settings_that_exist_and_holds_no_secret():
    named = dict(re.findall(r"^#?([A-Z0-9_]+)=(.*)$", EXAMPLE, re.MULTILINE))
    assert {name for name in named if not name.startswith("AWS_")} <= set(environment.KNOWN)
    for name in ("SECRET_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        assert named[name] == ""
    assert set(re.findall(r":([^:@/\s]+)@", EXAMPLE)) == {"PASSWORD"}


# --- On PostgreSQL ------------------------------------------------------------------------------------


#: What the PostgreSQL administrator is told to do (README, At work, 2): neither role may make roles or databases.
ROLES = (
    "CREATE ROLE assaydesk_owner LOGIN PASSWORD 'Only4Tests'",
    "CREATE ROLE assaydesk_app LOGIN PASSWORD 'Only4Tests'",
    "CREATE DATABASE at_work OWNER assaydesk_owner",
)
GONE = ("DROP DATABASE at_work WITH (FORCE)", "DROP ROLE assaydesk_app", "DROP ROLE assaydesk_owner")


@pytest.fixture(scope="module")
def migrated(postgresql_url: str) -> Iterator[dict[str, str]]:
    """The environment of an installation whose database is set up by its owner."""
    own_url = re.sub(r"//[^@]+@", "//assaydesk_owner:Only4Tests@", postgresql_url.rpartition("/")[0] + "/at_work")
    own = {"DATABASE_URL": own_url, "SECRET_KEY": "x" * 40, "REDIS_URL": ""}
    with psycopg.connect(postgresql_url.rpartition("/")[0] + "/postgres", autocommit=True) as administrator:
        for words in ROLES:
            administrator.execute(words)
        assert manage("migrate", "--verbosity", "0", **own).returncode == 0
        yield own
        for words in GONE:
            administrator.execute(words)


def manage(*words: str, **own: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-W", "ignore", str(ROOT / "manage.py"), *words]
    return subprocess.run(command, env={**os.environ, **own}, capture_output=True, text=True, check=False)


def grant(owner: str, *more: str) -> "subprocess.CompletedProcess[str]":
    told = [str(require_tool("postgresql") / "psql"), owner, *more, "--quiet", f"--file={ROOT}/deploy/audit_role.sql"]
    return subprocess.run(told, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def application_url(migrated: dict[str, str]) -> str:
    """The database as the application's own role sees it."""
    owner = migrated["DATABASE_URL"]
    for _ in range(2):  # again after each migration
        result = grant(owner, "--set=role=assaydesk_app")
        assert (result.returncode, result.stderr) == (0, "")
    return owner.replace("assaydesk_owner", "assaydesk_app")


@pytest.mark.slow
def test_rights_are_not_given_by_half_and_the_exit_status_says_so(migrated, application_url):
    for url, role in ((migrated["DATABASE_URL"], "nobody_made_it"), (application_url, "assaydesk_app")):
        refused = grant(url, f"--set=role={role}")
        assert refused.returncode == 3
        assert "ERROR" in refused.stderr
    said = grant(migrated["DATABASE_URL"], "--set=role=assaydesk_app", "--set=password=Other")
    assert (said.returncode, "No password is set or changed here" in said.stderr) == (0, True)


@pytest.mark.slow
def test_operators_are_warned_of_a_role_that_could_drop_the_record_s_guards(migrated, application_url, tmp_path):
    told = {}
    for url in (migrated["DATABASE_URL"], application_url):
        output = manage("ready", **{**migrated, "DATABASE_URL": url, "VAR_DIR": str(tmp_path)}).stdout
        told[url] = re.search(r"^audit +(\w+) *(.*)$", output, re.MULTILINE).groups()
    assert told[application_url] == ("ok", "")
    verdict, reason = told[migrated["DATABASE_URL"]]
    assert verdict == "ok"
    assert "role in use owns the record" in reason


ACTS = "from tests.factories import personas, model_named, version_of; personas(); version_of(model_named())"


@pytest.mark.slow
def test_the_application_does_its_work_under_its_own_role(migrated, application_url, tmp_path):
    own = {**migrated, "DATABASE_URL": application_url, "VAR_DIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    result = manage("shell", "--no-imports", "--command", ACTS, **own)
    assert result.returncode == 0, result.stderr[-2000:]
    with psycopg.connect(application_url) as role:
        assert role.execute("SELECT count(*) FROM audit_auditevent").fetchone()[0] > 5


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE audit_auditevent SET reason = 'forged'",
        "DELETE FROM audit_auditevent",
        "TRUNCATE audit_auditevent",
        "DROP TABLE audit_auditevent",
        "DROP TRIGGER audit_no_change ON audit_auditevent",
        "ALTER TABLE audit_auditevent DISABLE TRIGGER ALL",
        "SET session_replication_role = replica",
        "CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",
        "INSERT INTO django_migrations (app, name, applied) VALUES ('audit', 'x', now())",
        "INSERT INTO audit_auditevent SELECT * FROM audit_auditevent ON CONFLICT (id) DO UPDATE SET reason = 'x'",
    ],
)
@pytest.mark.slow
def test_that_role_can_not_change_the_record_or_what_guards_it(application_url, attack):
    with psycopg.connect(application_url) as role, pytest.raises(psycopg.errors.InsufficientPrivilege):
        role.execute(attack)


@pytest.mark.servers
@pytest.mark.slow
def test_neither_worker_nor_sweeper_nor_web_starts_without_the_record_s_guards(migrated, tmp_path):
    own = {**migrated, "VAR_DIR": str(tmp_path), "QUEUE_DIR": "", "PYTHONPATH": str(ROOT)}
    with psycopg.connect(migrated["DATABASE_URL"]) as owner:
        owner.execute("DROP TRIGGER audit_no_truncate ON audit_auditevent")
    try:
        for command in (
            [sys.executable, "-m", "celery", "-A", "config", "worker", "-Q", "gates", "-c", "1"],
            [sys.executable, str(ROOT / "manage.py"), "sweep", "--every", "1"],
            [sys.executable, "-c", "import config.wsgi"],
        ):
            with running(command, environment=own) as process:
                process.wait_for(r"isn't guarded against change \(audit_no_truncate missing\)")
                assert process.wait() != 0
    finally:
        assert manage("migrate", "--verbosity", "0", **migrated).returncode == 0
