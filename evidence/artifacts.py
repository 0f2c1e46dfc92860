"""Whether a version's files are what it says they are, as far as that can be told before it is judged."""

import numpy as np
from django.conf import settings

from accounts.reasons import Invalid
from evidence.isolation import Limits
from evidence.runtimes import RUNTIMES, SUFFIXES, Run, RuntimeRefused, inspect, sniff_format
from registry.models import ArtifactFile, Version
from registry.stores import StoreError, store

_FIRST_BYTES = 512
#: The request of whoever finalises waits for it; what takes longer is found out when the gates run.
_PATIENCE = Limits(seconds=20, cpu_seconds=20)
#: What only a new version can mend. Anything else is the gates' to say, where it can be seen and run again.
_MISFITS = {"inputs_do_not_fit", "no_probability_output", "not_executable"}


def check_artifact_format(version: Version) -> None:
    """Raises Invalid for a file of a format that is run here when it is plainly of another one, or when its inputs
    and outputs aren't those that the version's features and contract speak of."""
    if version.format not in RUNTIMES:
        return
    for file in version.files.all():
        if not file.path.endswith(SUFFIXES[version.format]):
            continue
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
        if found == version.format:
            _check_contract(version, file)


def _check_contract(version: Version, file: ArtifactFile) -> None:
    try:
        with store().as_file(file.sha256) as artifact:
            contract = {"task": version.task, **version.contract}
            columns = {feature: np.empty(0) for feature in version.features}
            required = settings.REQUIRE_ISOLATION
            inspect(Run(version.format, artifact, file.path, columns, contract, _PATIENCE, required))
    except StoreError:
        return
    except RuntimeRefused as refused:
        if refused.code in _MISFITS:
            raise Invalid("contract_does_not_fit", f"{refused.text}.", refused.remedy) from refused
