"""The verbs of the record: past tense, registered once, each with its wording.

An app lists its verbs in its `events.py`; a verb nobody registered can't be recorded.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Verb:
    """A thing that can happen: `name` is stored (`noun.past_tense`), `wording` is read after the actor's name.

    The subject is read where the wording has a `{}`, else after it.
    """

    name: str
    wording: str

    @property
    def with_gap(self) -> str:
        """The wording by itself, an ellipsis where the subject stands."""
        return self.wording.replace("{}", "…")


REGISTERED: dict[str, Verb] = {}


def verb(name: str, wording: str) -> Verb:
    """Registers and returns a verb; a name registered twice raises ValueError."""
    if name in REGISTERED:
        raise ValueError(f"The verb {name} is registered twice.")
    REGISTERED[name] = Verb(name, wording)
    return REGISTERED[name]


def wording_of(name: str) -> str:
    """The wording of a recorded verb; a retired verb keeps its bare name readable."""
    registered = REGISTERED.get(name)
    return registered.wording if registered else name.replace(".", " ").replace("_", " ")


def around_subject(name: str) -> tuple[str, str]:
    """What a recorded verb says before its subject and after it; the second is empty for most."""
    before, _, after = wording_of(name).partition("{}")
    return before.strip(), after.strip()
