"""The environment: every variable documented, every bad value refused by name."""

import os
import re
import subprocess
import sys
import traceback
from pathlib import Path

import pytest
from django.conf import settings as configured
from django.core.exceptions import ImproperlyConfigured

from config import environment

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(autouse=True)
def known_as_it_was(monkeypatch):
    """Readers note names in KNOWN; those of these tests are taken out again."""
    monkeypatch.setattr(environment, "KNOWN", dict(environment.KNOWN))


def documented() -> set[str]:
    return set(re.findall(r"^\| `([A-Z][A-Z0-9_]*)` \|", (ROOT / "README.md").read_text(), re.MULTILINE))


def settings_read() -> set[str]:
    """The names settings.py asks for, in a process of its own without any variable set."""
    code = "from config import settings, environment; print(' '.join(environment.KNOWN))"
    clean = {"PATH": os.environ["PATH"], "VAR_DIR": str(configured.VAR_DIR)}
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=clean, capture_output=True, text=True, check=True)
    return set(told.stdout.split())


def test_every_variable_is_documented_in_the_readme():
    assert settings_read() - documented() == set()


def test_the_readme_documents_no_variable_that_nobody_reads():
    assert documented() - settings_read() == set()


def test_the_environment_is_read_in_one_place():
    others = [
        str(path.relative_to(ROOT))
        for app in ("audit", "work", "accounts", "registry", "evidence", "approvals", "serving", "api", "dashboard")
        for path in (ROOT / app).rglob("*.py")
        if re.search(r"\bos\.environ\b|\bgetenv\(", path.read_text())
    ]
    assert others == []


@pytest.mark.parametrize("value", ["24", "-1", "8:00"])
def test_an_hour_is_one_of_a_day(monkeypatch, value):
    monkeypatch.setenv("SOME_HOUR", value)
    with pytest.raises(ImproperlyConfigured, match=f"SOME_HOUR must be a whole number from 0 to 23, not '{value}'"):
        environment.integer("SOME_HOUR", 8, most=23)


@pytest.mark.parametrize("value", ["yes", "1", "on", "TRUE-ish"])
def test_a_boolean_is_true_or_false(monkeypatch, value):
    monkeypatch.setenv("SOME_FLAG", value)
    with pytest.raises(ImproperlyConfigured, match=f"SOME_FLAG must be true or false, not '{value.lower()}'"):
        environment.boolean("SOME_FLAG", default=False)


@pytest.mark.parametrize(("value", "read"), [("true", True), ("False", False), (" TRUE ", True), ("", True)])
def test_a_boolean_is_read_in_whatever_case_and_empty_means_the_default(monkeypatch, value, read):
    monkeypatch.setenv("SOME_FLAG", value)
    assert environment.boolean("SOME_FLAG", default=True) is read


@pytest.mark.parametrize("value", ["-1", "1.5", "ten", "0", "1e3", "²", "0x10"])
def test_a_whole_number_is_refused_unless_it_is_one(monkeypatch, value):
    monkeypatch.setenv("SOME_NUMBER", value)
    with pytest.raises(ImproperlyConfigured, match="SOME_NUMBER must be a whole number of at least 1"):
        environment.integer("SOME_NUMBER", 5, least=1)


def test_a_folder_that_can_not_be_made_is_named(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SOME_DIR", str(tmp_path / "file" / "below"))
    with pytest.raises(ImproperlyConfigured, match=r"SOME_DIR: .* can't be made or used"):
        environment.directory("SOME_DIR", tmp_path)


def test_a_folder_is_made_for_its_owner_only(monkeypatch, tmp_path):
    monkeypatch.setenv("SOME_DIR", str(tmp_path / "a" / "b"))
    assert environment.directory("SOME_DIR", tmp_path).stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("value", ["short", "x" * 31])
def test_a_secret_has_32_characters_at_least(monkeypatch, value):
    monkeypatch.setenv("SOME_SECRET", value)
    with pytest.raises(
        ImproperlyConfigured, match="SOME_SECRET must be set to at least 32 random characters"
    ) as refused:
        environment.secret("SOME_SECRET", kept_in=None)
    assert value not in str(refused.value)


def test_without_a_secret_and_a_place_to_keep_one_there_is_no_start(monkeypatch):
    monkeypatch.delenv("SOME_SECRET", raising=False)
    with pytest.raises(ImproperlyConfigured, match="SOME_SECRET"):
        environment.secret("SOME_SECRET", kept_in=None)


def test_a_secret_is_made_once_and_kept_from_others(monkeypatch, tmp_path):
    monkeypatch.delenv("SOME_SECRET", raising=False)
    made = [environment.secret("SOME_SECRET", kept_in=tmp_path / "key") for _ in range(2)]
    assert made[0] == made[1]
    assert len(made[0]) >= 32
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("url", ["mysql://a/b", "postgresql://host", "postgresql:///", "nonsense", "sqlite:///x"])
def test_a_database_url_that_is_none_is_refused_without_telling_it(monkeypatch, url):
    monkeypatch.setenv("SOME_DATABASE", url)
    with pytest.raises(ImproperlyConfigured, match=r"postgresql://user:password@host:5432/name") as refused:
        environment.database("SOME_DATABASE", default_file=Path("x"))
    assert url not in str(refused.value) or url == "postgresql://host"


def test_a_database_url_is_taken_apart_and_unquoted(monkeypatch):
    monkeypatch.setenv("SOME_DATABASE", "postgresql://us%40er:p%3Ass@db.example:5433/desk")
    read = environment.database("SOME_DATABASE", default_file=Path("x"))
    assert [read[key] for key in ("USER", "PASSWORD", "HOST", "PORT", "NAME")] == [
        "us@er",
        "p:ss",
        "db.example",
        "5433",
        "desk",
    ]


def test_without_a_database_url_sqlite_locks_at_the_beginning_of_a_transaction(monkeypatch):
    monkeypatch.delenv("SOME_DATABASE", raising=False)
    read = environment.database("SOME_DATABASE", default_file=Path("desk.sqlite3"))
    assert read["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert "journal_mode=WAL" in read["OPTIONS"]["init_command"]
    assert not read.get("ATOMIC_REQUESTS")


@pytest.mark.parametrize("url", ["http://mail", "smtp://", "mail.example"])
def test_a_mail_url_that_is_none_is_refused(monkeypatch, url):
    monkeypatch.setenv("SOME_MAIL", url)
    with pytest.raises(ImproperlyConfigured, match=r"SOME_MAIL must look like smtp\+tls://"):
        environment.mail("SOME_MAIL")


@pytest.mark.parametrize(
    ("url", "port", "tls", "ssl"),
    [
        ("smtp://mail.example", 25, False, False),
        ("smtp+tls://mail.example", 587, True, False),
        ("smtps://mail.example:2465", 2465, False, True),
    ],
)
def test_a_mail_url_says_port_and_encryption(monkeypatch, url, port, tls, ssl):
    monkeypatch.setenv("SOME_MAIL", url)
    read = environment.mail("SOME_MAIL")
    assert (read["EMAIL_PORT"], read["EMAIL_USE_TLS"], read["EMAIL_USE_SSL"]) == (port, tls, ssl)


#: "s3cret" with a letter in it that ends the address early, as it comes out of a password generator.
UNQUOTED = ["s3c/ret", "s3c?ret", "s3c#ret", "s3c]ret", "2/s3cret", "2?s3cret", "2#s3cret"]


@pytest.mark.parametrize("password", UNQUOTED)
@pytest.mark.parametrize(
    ("read", "url"),
    [
        (lambda name: environment.database(name, default_file=Path("x")), "postgresql://desk:{}@db.example:5432/desk"),
        (lambda name: environment.database(name, default_file=Path("x")), "postgresql://desk:a@{}@db.example/desk"),
        (environment.redis, "redis://:{}@redis.example:6379/0"),
        (environment.redis, "redis://desk:{}@redis.example:6379/0"),
        (environment.mail, "smtp+tls://desk:{}@mail.example:587"),
        (environment.mail, "smtp+tls://desk@example.org:{}@mail.example"),
    ],
)
def test_a_password_that_isn_t_percent_encoded_is_refused_by_name_and_not_told(monkeypatch, read, url, password):
    monkeypatch.setenv("SOME_URL", url.format(password))
    with pytest.raises(ImproperlyConfigured, match=r"SOME_URL must look like .*percent-encoded") as refused:
        read("SOME_URL")
    told = "".join(traceback.format_exception(refused.value))
    assert not [piece for piece in re.split(r"\W", password) if len(piece) > 2 and piece in told]


@pytest.mark.parametrize(
    "url", ["http://redis.example", "redis://", "redis://:word@", "redis://host/desk", "redis.example"]
)
def test_a_redis_url_that_is_none_is_refused_without_telling_it(monkeypatch, url):
    monkeypatch.setenv("SOME_REDIS", url)
    with pytest.raises(ImproperlyConfigured, match="SOME_REDIS must look like redis://") as refused:
        environment.redis("SOME_REDIS")
    assert "word@" not in str(refused.value).replace("password@", "")


@pytest.mark.parametrize("url", ["", "redis://host", "rediss://:p%2Fss@host:6380/3?ssl_cert_reqs=required"])
def test_a_redis_url_is_handed_on_as_it_is(monkeypatch, url):
    monkeypatch.setenv("SOME_REDIS", url)
    assert environment.redis("SOME_REDIS") == url


@pytest.mark.parametrize(
    "url", ["desk.example", "ftp://desk.example", "https://", "/desk", "https://desk.example:https"]
)
def test_a_public_url_that_is_none_is_refused(monkeypatch, url):
    monkeypatch.setenv("SOME_URL", url)
    with pytest.raises(ImproperlyConfigured, match="SOME_URL must look like https://"):
        environment.public_url("SOME_URL", "http://127.0.0.1")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "eighty"),
        ("DEBUG", "maybe"),
        ("GATE_SECONDS", "0"),
        ("DATABASE_URL", "x"),
        ("REDIS_URL", "redis://:p/ss@redis.example"),
        ("SECRET_KEY", "short"),
        ("TIME_ZONE", "Oslo"),
        ("LOG_LEVEL", "loud"),
    ],
)
def test_a_bad_value_stops_the_start_with_its_name(tmp_path, name, value):
    told = subprocess.run(
        [sys.executable, "-c", "import config.settings"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "VAR_DIR": str(tmp_path), name: value},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode != 0
    assert name in told.stderr.splitlines()[-1]
    assert "ImproperlyConfigured" in told.stderr.splitlines()[-1]


@pytest.mark.parametrize("command", ["ready", "migrate", "check"])
def test_manage_py_tells_a_bad_setting_in_one_line_and_ends_with_2(tmp_path, command):
    told = subprocess.run(
        [sys.executable, "manage.py", command],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "VAR_DIR": str(tmp_path), "EMAIL_URL": "smtp+tls://user:p#ss@mail.example"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 2
    [line] = told.stderr.splitlines()
    assert line.startswith("manage.py: EMAIL_URL must look like smtp+tls://user:password@host:587, with")


def test_a_folder_that_nobody_named_and_can_not_be_made_asks_after_the_environment(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.delenv("SOME_DIR", raising=False)
    with pytest.raises(ImproperlyConfigured, match="is the environment loaded"):
        environment.directory("SOME_DIR", tmp_path / "file" / "var")
