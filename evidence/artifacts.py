"""Whether a version's files are what it says they are, as far as their first bytes tell."""

from accounts.reasons import Invalid
from evidence.runtimes import RUNTIMES, sniff_format
from registry.models import Version
from registry.stores import StoreError, store

_FIRST_BYTES = 512


def check_artifact_format(version: Version) -> None:
    """Raises Invalid when a version of a format that is run here holds a file that is plainly of another one."""
    if version.format not in RUNTIMES:
        return
    for file in version.files.filter(path__endswith=f".{version.format}"):
        try:
            with store().open(file.sha256) as stream:
                found = sniff_format(stream.read(_FIRST_BYTES), file.path)
        except StoreError:
            continue  # the integrity gate says so, where it can be seen
        if found not in {None, version.format}:
            raise Invalid(
                "not_that_format",
                f"{file.path} of {version} is said to be {version.format} and is a {found} file.",
                f"Register a version with the {version.format} file, or one of format {found} with its predictions.",
            )
