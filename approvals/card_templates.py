"""The sections that the policies in force for a model want in its cards."""

from collections.abc import Iterator

from approvals.card_sections import merged
from approvals.gates.card_complete import SECTIONS, CardParameters
from approvals.models import PolicyRevision
from approvals.policies import Document, read_document
from approvals.queries import policy_in_force
from registry.card_sections import WantedSection
from registry.models import Model, Stage

_GOVERNED = (Stage.STAGING, Stage.PRODUCTION)


def wanted_sections(model: Model) -> list[WantedSection]:
    """What the policies for Staging and Production offer as `card_sections`, then what their gates demand; the usual
    four where neither asks for anything. Two queries."""
    revisions = [policy_in_force(model, stage) for stage in _GOVERNED]
    sections = [section for revision in revisions if revision for section in _sections(revision)]
    return merged(sections or [WantedSection(title) for title in SECTIONS])


def _sections(revision: PolicyRevision) -> Iterator[WantedSection]:
    document = read_document(revision.document, target_stage=revision.policy.target_stage)
    yield from document.card_sections
    yield from _demanded(document)


def _demanded(document: Document) -> Iterator[WantedSection]:
    for rule in document.gates:
        parameters = rule.gate.read_parameters(rule.parameters)
        if isinstance(parameters, CardParameters):
            yield from (WantedSection(title) for title in parameters.sections)
