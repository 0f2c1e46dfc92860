"""Who may do what to a promotion, in which state. The same predicate draws a button and guards its door.

Each `why_not_…` answers None when it may be done now. `why_never_…` asks about the person only: pages show
that reason in place of the buttons, while somebody who merely can't yet presses and is told.
"""

from approvals.permissions.administering import why_not_edit_policies
from approvals.permissions.bringing import (
    why_not_open,
    why_not_report,
    why_not_rerun,
    why_not_restart,
    why_not_resubmit,
    why_not_take_over,
    why_not_withdraw,
)
from approvals.permissions.deciding import (
    why_never_decide,
    why_not_acknowledge,
    why_not_approve,
    why_not_reject,
    why_not_request_changes,
    why_not_tick,
)
from approvals.permissions.excepting import (
    why_never_waive,
    why_not_decide_after_review,
    why_not_waivable,
    why_not_waive,
)
from approvals.permissions.operating import (
    why_not_archive,
    why_not_deprecate,
    why_not_operate,
    why_not_previous,
    why_not_restore,
)

__all__ = [
    "why_never_decide",
    "why_never_waive",
    "why_not_acknowledge",
    "why_not_approve",
    "why_not_archive",
    "why_not_decide_after_review",
    "why_not_deprecate",
    "why_not_edit_policies",
    "why_not_open",
    "why_not_operate",
    "why_not_previous",
    "why_not_reject",
    "why_not_report",
    "why_not_request_changes",
    "why_not_rerun",
    "why_not_restart",
    "why_not_restore",
    "why_not_resubmit",
    "why_not_take_over",
    "why_not_tick",
    "why_not_waivable",
    "why_not_waive",
    "why_not_withdraw",
]
