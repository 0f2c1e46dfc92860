"""What a gate is: a question about a version that a program answers. It reads and never writes."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from math import isfinite
from types import NoneType, UnionType
from typing import Any, ClassVar, get_args, get_origin

from approvals.models.gates import Outcome
from evidence.agreement import Agreement
from evidence.comparison import Comparison
from evidence.measuring import Plan
from evidence.metrics import METRICS
from evidence.models import Evaluation, Importance, LockedDataset, Measurement
from registry.models import Version


@dataclass(frozen=True)
class Side:
    """The candidate or the baseline, with its evidence on the gate's dataset. `problem` says why there is none."""

    version: Version
    evaluation: Evaluation | None = None
    problem: str = ""
    comparison: Comparison | None = None  # of the candidate with the baseline, on the baseline's side
    importances: tuple[Importance, ...] = ()  # what its inputs are worth to it, where the gate explains
    measurement: Measurement | None = None  # made for this run, both sides' rounds taking turns
    unreadable: bool = False  # its stored file can't be read, or isn't what was registered
    data_gone: bool = False  # what was stored of the data or its predictions is gone, or changed
    agreement: Agreement | None = None  # of the candidate with the baseline, on the baseline's side

    @property
    def incomparable(self) -> Outcome:
        """What setting something against this side comes to when that can't be done: a doubt, but what was lost of
        it is a fault to repair."""
        return Outcome.ERROR if self.data_gone else Outcome.INCONCLUSIVE


@dataclass(frozen=True)
class Judged:
    """A gate's answer; `evidence` are digests of what it rests on.

    `details` are kept with the run. Under "facts" they may hold pairs of texts, [[name, what it is], …], which
    the promotion's page shows beside the gate.
    """

    outcome: Outcome
    summary: str
    details: Mapping[str, Any] = field(default_factory=dict)
    provenance: str = ""
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True)
class Parameters:
    """A gate's parameters; each gate declares its own as a subclass, each field with its `meaning`.

    Types and unknown names are checked when a policy is published.
    """


@dataclass(frozen=True)
class ParameterHelp:
    """One parameter as people who write policies are told of it. `default` is "" when it must be given."""

    name: str
    type: str
    default: str
    meaning: str


def meaning(text: str) -> dict[str, str]:
    """A parameter's `metadata`: what it means, for people who write policies."""
    return {"meaning": text}


DATASET = meaning("the locked dataset, as name@number")
METRIC = meaning(f"one of {', '.join(METRICS)}; a model's task decides which it has")


class Gate(ABC):
    kind: ClassVar[str]
    title: ClassVar[str]
    #: What it asks, as a question, and what it does when it can't tell: for people who write policies.
    help: ClassVar[str]
    parameters_class: ClassVar[type[Parameters]] = Parameters
    #: What calls for a new run when it changes: parts of the seal, or "card_review".
    rests_on: ClassVar[frozenset[str]] = frozenset()
    #: Whether a person may make an exception for its failure. What proves that the bytes are the bytes has none.
    waivable: ClassVar[bool] = True
    #: Whether it sets both versions' predictions side by side, truth or none, instead of comparing how good they are.
    agrees: ClassVar[bool] = False
    #: Whether its answer comes from outside, later: review goes on meanwhile, completion waits for it.
    awaits: ClassVar[bool] = False
    #: Whether it asks what the candidate's inputs are worth to it. It gets that instead of evaluations.
    explains: ClassVar[bool] = False

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

    def why_not_on(self, locked: LockedDataset, parameters: Any) -> str:
        """Why it could never be answered on this dataset, or "". Asked when a policy is published."""
        return ""

    def plan(self, parameters: Any) -> Plan | None:
        """How the versions are timed on the gate's dataset before it is asked, or None when they needn't be.

        A gate with a plan gets measurements instead of evaluations.
        """
        return None

    def parameters_help(self) -> list[ParameterHelp]:
        """Its parameters, in the order of their declaration."""
        return [
            ParameterHelp(declared.name, _spoken(declared.type), _default(declared), declared.metadata["meaning"])
            for declared in fields(self.parameters_class)
        ]

    @property
    def compares(self) -> bool:
        """Whether it wants evidence of the baseline too."""
        return "baseline" in self.rests_on

    @abstractmethod
    def check(self, candidate: Side, baseline: Side | None, parameters: Any) -> Judged:
        """The answer. It may raise: a gate that crashes is an error, never a pass."""


_WORDS: dict[type, str] = {str: "text", int: "a whole number", float: "a number", list: "a list of texts"}


def _alternatives(annotation: Any) -> list[type]:
    """The plain types a parameter may have: of `int | str | None` these three, of `list[str]` just list."""
    every = get_args(annotation) if isinstance(annotation, UnionType) else (annotation,)
    return [get_origin(each) or each for each in every]


def _spoken(annotation: Any) -> str:
    return " or ".join(_WORDS[each] for each in _alternatives(annotation) if each is not NoneType)


def _default(declared: Field[Any]) -> str:
    if declared.default_factory is not MISSING:
        return ", ".join(declared.default_factory()) or "none"
    if declared.default is MISSING:
        return ""
    return "none" if declared.default in {None, ""} else str(declared.default)


def _check_type(name: str, value: Any, annotation: Any) -> None:
    if not any(_fits(value, each) for each in _alternatives(annotation)):
        raise ValueError(f"the parameter {name} must be {_spoken(annotation)}, not {value!r}.")


def _fits(value: Any, wanted: type) -> bool:
    if isinstance(value, bool):  # Python takes True for 1; a policy that says so is a mistake
        return False
    if wanted is float:
        return isinstance(value, int | float) and isfinite(value)  # "infinitely worse is fine" would be no rule
    if wanted is list:
        return isinstance(value, list) and all(isinstance(entry, str) for entry in value)
    return isinstance(value, wanted)
