"""What may go live: policies, promotions with their gates, ticks and reviews."""

from approvals.models.decisions import Acknowledgement, Review, Tick, Verdict
from approvals.models.exceptions import AfterReview, Waiver
from approvals.models.gates import GateRun, Outcome
from approvals.models.policies import Policy, PolicyRevision
from approvals.models.promotions import OPEN_STATES, Promotion, Seal, State, TakeOver

__all__ = [
    "OPEN_STATES",
    "Acknowledgement",
    "AfterReview",
    "GateRun",
    "Outcome",
    "Policy",
    "PolicyRevision",
    "Promotion",
    "Review",
    "Seal",
    "State",
    "TakeOver",
    "Tick",
    "Verdict",
    "Waiver",
]
