"""What a gate is: a question about a version that a program answers. It reads and never writes."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from math import isfinite
from typing import Any, ClassVar

from approvals.models.gates import Outcome
from evidence.comparison import Comparison
from evidence.models import Evaluation
from registry.models import Version


@dataclass(frozen=True)
class Side:
    """The candidate or the baseline, with its evidence on the gate's dataset. `problem` says why there is none."""

    version: Version
    evaluation: Evaluation | None = None
    problem: str = ""
    comparison: Comparison | None = None  # of the candidate with the baseline, on the baseline's side


@dataclass(frozen=True)
class Judged:
    """A gate's answer. `details` are shown as they are; `evidence` are digests of what the answer rests on."""

    outcome: Outcome
    summary: str
    details: Mapping[str, Any] = field(default_factory=dict)
    provenance: str = ""
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True)
class Parameters:
    """A gate's parameters; each gate declares its own as a subclass. Types and unknown names are checked."""


class Gate(ABC):
    kind: ClassVar[str]
    title: ClassVar[str]
    parameters_class: ClassVar[type[Parameters]] = Parameters
    #: Parts of the seal whose change calls for a new run.
    rests_on: ClassVar[frozenset[str]] = frozenset()

    def read_parameters(self, raw: Mapping[str, Any]) -> Any:
        """The parameters, typed. Raises ValueError naming the one that is unknown, missing or of the wrong type."""
        if not isinstance(raw, Mapping):
            raise ValueError("parameters must be a mapping.")
        known = {f.name: f for f in fields(self.parameters_class)}
        if unknown := set(raw) - set(known):
            raise ValueError(
                f"unknown parameter {', '.join(sorted(map(str, unknown)))}; known: {', '.join(known) or 'none'}."
            )
        for name, declared in known.items():
            if name not in raw and declared.default is MISSING and declared.default_factory is MISSING:
                raise ValueError(f"the parameter {name} is missing.")
            if name in raw:
                _check_type(name, raw[name], declared.type)
        parameters = self.parameters_class(**raw)
        self.check_parameters(parameters)
        return parameters

    def check_parameters(self, parameters: Any) -> None:  # noqa: B027  # most gates have nothing to add
        """Raises ValueError for values that can't be right together."""

    def dataset(self, parameters: Any) -> str:
        """The locked dataset (`name@number`) whose evidence the gate wants, or "" for none."""
        return ""

    @property
    def compares(self) -> bool:
        """Whether it wants evidence of the baseline too."""
        return "baseline" in self.rests_on

    @abstractmethod
    def check(self, candidate: Side, baseline: Side | None, parameters: Any) -> Judged:
        """The answer. It may raise: a gate that crashes is an error, never a pass."""


_TYPES: dict[str, tuple[type, ...]] = {"str": (str,), "float": (int, float), "int": (int,), "list[str]": (list,)}


def _check_type(name: str, value: Any, annotation: Any) -> None:
    declared = annotation.__name__ if isinstance(annotation, type) else str(annotation)
    wanted = declared.removesuffix(" | None")
    if wanted != declared and value is None:
        return
    fits = isinstance(value, _TYPES[wanted]) and not isinstance(value, bool)
    if isinstance(value, float):
        fits = fits and isfinite(value)  # "infinitely worse is fine" would be no rule
    if isinstance(value, list):
        fits = fits and all(isinstance(entry, str) for entry in value)
    if not fits:
        raise ValueError(f"the parameter {name} must be {wanted}, not {value!r}.")
