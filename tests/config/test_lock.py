"""The locks in requirements/ against pyproject.toml, without asking any package index (`make check` does)."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS_OF_SET = {"run": ["postgres", "s3", "demo"], "lightgbm": ["lightgbm"], "test": ["test"], "dev": ["dev"]}
ALL_LOCKS = [*EXTRAS_OF_SET, "uv"]


def read_lock(name: str) -> list[tuple[Requirement, list[str]]]:
    """Each pinned package with its hashes."""
    unfolded = (ROOT / "requirements" / f"{name}.txt").read_text().replace("\\\n", " ")
    lines = [line.split("#")[0].strip() for line in unfolded.splitlines()]
    return [(Requirement(line.split("--hash")[0].strip()), re.findall(r"--hash=(\S+)", line)) for line in lines if line]


def versions(name: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for requirement, _ in read_lock(name):
        [pin] = requirement.specifier
        found.setdefault(canonicalize_name(requirement.name), set()).add(pin.version)
    return found


def wanted(extras: list[str]) -> list[Requirement]:
    """What pyproject.toml asks for, with extras of our own name replaced by what they stand for."""
    asked = [Requirement(line) for line in PROJECT["dependencies"]]
    for extra in extras:
        for line in PROJECT["optional-dependencies"][extra]:
            requirement = Requirement(line)
            asked += wanted(sorted(requirement.extras)) if requirement.name == "assaydesk" else [requirement]
    return asked


@pytest.mark.parametrize("name", EXTRAS_OF_SET)
def test_lock_holds_an_allowed_version_of_everything_asked_for(name):
    locked = versions(name)
    for requirement in wanted(EXTRAS_OF_SET[name]):
        found = locked.get(canonicalize_name(requirement.name), set())
        assert found, f"{requirement.name} isn't in requirements/{name}.txt: run `make lock`"
        assert all(requirement.specifier.contains(version) for version in found), f"{requirement} but {found}"


@pytest.mark.parametrize("name", ALL_LOCKS)
def test_every_locked_package_is_pinned_exactly_and_hashed(name):
    packages = read_lock(name)
    assert packages
    for requirement, hashes in packages:
        assert [pin.operator for pin in requirement.specifier] == ["=="], str(requirement)
        assert hashes, f"{requirement.name} has no hash"
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", digest) for digest in hashes)


@pytest.mark.parametrize("name", ALL_LOCKS)
def test_lock_names_no_index_no_address_and_no_path(name):
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    assert not re.search(r"://|--(?:extra-)?index-url|--find-links| @ |(?:^|\s)/", text)


@pytest.mark.parametrize(("smaller", "larger"), [("run", "lightgbm"), ("lightgbm", "test"), ("test", "dev")])
def test_larger_set_holds_the_smaller_one_in_the_same_versions(smaller, larger):
    assert versions(smaller).items() <= versions(larger).items()


def test_client_is_built_by_the_locked_uv_itself():
    """Then installing it fetches nothing: uv carries the build tool of its own version."""
    build = tomllib.loads((ROOT / "client" / "pyproject.toml").read_text())["build-system"]
    [requirement] = map(Requirement, build["requires"])
    [uv] = versions("uv")["uv"]
    assert requirement.name == "uv_build"
    assert requirement.specifier.contains(uv)
