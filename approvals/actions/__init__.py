"""Everything that changes policies and promotions, a topic a file."""

from approvals.actions.closing import comment_on_promotion, resubmit_promotion, withdraw_promotion
from approvals.actions.gates import give_up_gate, rerun_gate, run_gate
from approvals.actions.opening import open_promotion
from approvals.actions.policies import publish_policy
from approvals.actions.reviewing import acknowledge_gate, review_promotion, tick_item

__all__ = [
    "acknowledge_gate",
    "comment_on_promotion",
    "give_up_gate",
    "open_promotion",
    "publish_policy",
    "rerun_gate",
    "resubmit_promotion",
    "review_promotion",
    "run_gate",
    "tick_item",
    "withdraw_promotion",
]
