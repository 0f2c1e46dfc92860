"""Everything that changes policies and promotions, a topic a file."""

from approvals.actions.closing import comment_on_promotion, resubmit_promotion, withdraw_promotion
from approvals.actions.defects import clear_defect, report_defect
from approvals.actions.exceptions import decide_after_review, waive_gate
from approvals.actions.gates import give_up_gate, rerun_gate, run_gate
from approvals.actions.opening import open_promotion
from approvals.actions.operating import archive_version, deprecate_version, roll_back, take_down
from approvals.actions.policies import publish_policy, rotate_dataset
from approvals.actions.reporting import report_gate
from approvals.actions.reviewing import acknowledge_gate, review_promotion, tick_item
from approvals.actions.succession import restart_promotion, take_over_promotion

__all__ = [
    "acknowledge_gate",
    "archive_version",
    "clear_defect",
    "comment_on_promotion",
    "decide_after_review",
    "deprecate_version",
    "give_up_gate",
    "open_promotion",
    "publish_policy",
    "report_defect",
    "report_gate",
    "rerun_gate",
    "restart_promotion",
    "resubmit_promotion",
    "review_promotion",
    "roll_back",
    "rotate_dataset",
    "run_gate",
    "take_down",
    "take_over_promotion",
    "tick_item",
    "waive_gate",
    "withdraw_promotion",
]
