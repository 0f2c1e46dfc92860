"""The roles and what each permits, on one model or on all."""

from django.db import models

VIEW = "view_model"
CONTRIBUTE = "contribute_model"
REVIEW = "review_model"
VIEW_ROWS = "view_evaluation_rows"
APPROVE = "approve_model"
OPERATE = "operate_model"
AUDIT = "audit_model"
ADMINISTER = "administer_model"

#: What `registry.Model` declares as its permissions (Django itself makes `view_model`).
PERMISSIONS = (
    (CONTRIBUTE, "Can register versions, edit cards and open promotions"),
    (REVIEW, "Can tick, review and acknowledge"),
    (VIEW_ROWS, "Can look at single rows of locked data"),
    (APPROVE, "Can approve to Production and lock datasets"),
    (OPERATE, "Can roll back, take down, archive and deprecate"),
    (AUDIT, "Can read every record and export it"),
    (ADMINISTER, "Can grant roles and edit policies"),
)

#: The permission in words: "You may …".
IN_WORDS = {
    VIEW: "see its versions, evidence and promotions",
    CONTRIBUTE: "register versions, edit cards and open promotions",
    REVIEW: "tick, review and acknowledge",
    APPROVE: "approve to Production or lock datasets",
    OPERATE: "roll back, take down, archive and deprecate",
    AUDIT: "read every record and take it away as a file",
    VIEW_ROWS: "look at the rows behind its evidence",
    ADMINISTER: "grant roles and edit policies",
}


class Role(models.TextChoices):
    VIEWER = "viewer", "Viewer"
    CONTRIBUTOR = "contributor", "Contributor"
    REVIEWER = "reviewer", "Reviewer"
    APPROVER = "approver", "Approver"
    OPERATOR = "operator", "Operator"
    AUDITOR = "auditor", "Auditor"
    ADMINISTRATOR = "administrator", "Administrator"


PERMITS: dict[str, frozenset[str]] = {
    Role.VIEWER: frozenset({VIEW}),
    Role.CONTRIBUTOR: frozenset({VIEW, CONTRIBUTE}),
    Role.REVIEWER: frozenset({VIEW, REVIEW, VIEW_ROWS}),
    Role.APPROVER: frozenset({VIEW, REVIEW, VIEW_ROWS, APPROVE}),
    Role.OPERATOR: frozenset({VIEW, OPERATE}),
    Role.AUDITOR: frozenset({VIEW, AUDIT, VIEW_ROWS}),
    Role.ADMINISTRATOR: frozenset({VIEW, ADMINISTER}),
}


#: Roles that only people hold: a program never decides, and never says who may.
FOR_PEOPLE = frozenset({Role.REVIEWER, Role.APPROVER, Role.ADMINISTRATOR})


def roles_permitting(permission: str) -> list[str]:
    return [role for role, permitted in PERMITS.items() if permission in permitted]
