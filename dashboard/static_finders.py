"""Static files that come out of installed packages instead of this repository."""

from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.contrib.staticfiles.finders import BaseFinder
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import FileSystemStorage, Storage

FOLDER = "assaydesk/vendor"
BUNDLE = "plotly.min.js"


def plotly_bundle() -> Path:
    """The browser bundle inside the installed plotly package, found without importing the package."""
    spec = find_spec("plotly")
    folders = list(spec.submodule_search_locations or []) if spec else []
    for folder in folders:
        bundle = Path(folder) / "package_data" / BUNDLE
        if bundle.is_file():
            return bundle
    raise ImproperlyConfigured(f"The plotly package with {BUNDLE} is missing. Install requirements/run.txt.")


class PlotlyFinder(BaseFinder):
    """Serves plotly's browser bundle as `assaydesk/vendor/plotly.min.js`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.bundle = plotly_bundle()
        self.storage = FileSystemStorage(location=self.bundle.parent)
        self.storage.prefix = FOLDER  # type: ignore[attr-defined]  # collectstatic reads it off the storage

    def check(self, **kwargs: Any) -> list[Any]:
        """Nothing to configure, so nothing to complain about."""
        return []

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> str | list[str]:  # type: ignore[override]
        """The bundle's place on disk for its one path, an empty list for every other path."""
        if path != f"{FOLDER}/{BUNDLE}":
            return []
        return [str(self.bundle)] if find_all else str(self.bundle)

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, Storage]]:
        """The one file, for `collectstatic`."""
        yield BUNDLE, self.storage
