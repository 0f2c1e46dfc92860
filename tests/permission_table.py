"""Who may do what at every address of both doors: the table that the permission matrix test holds the doors to.

A new address needs a row here, or the suite fails. Callers are named by their role on the model loan; `dana` is
its contributor who registered the versions and requested promotion {promotion}, `outsider` and `superuser` have
no role at all. Who is neither permitted nor hidden from sees the thing and is refused (403).
"""

from dataclasses import dataclass, field
from typing import Any

ROLES = ("viewer", "contributor", "reviewer", "approver", "operator", "auditor", "administrator")
STRANGERS = frozenset({"outsider", "superuser"})
INSIDERS = frozenset({"dana", *ROLES})
EVERYBODY = INSIDERS | STRANGERS
CONTRIBUTORS = frozenset({"dana", "contributor"})
REGISTRANT = frozenset({"dana"})  # who registered a version adds its files and predictions, nobody else
OPERATORS = frozenset({"operator"})
REPORTERS = frozenset({"approver", "operator"})  # of bugs in what versions rest on
REVIEWERS = frozenset({"reviewer", "approver"})
ROW_READERS = REVIEWERS | {"auditor"}


@dataclass(frozen=True)
class Row:
    """One method of one address. Strangers get 404 where `hidden`, as if nothing were there."""

    method: str
    address: str
    permitted: frozenset[str]
    scope: str = "read"
    hidden: bool = True
    sent: Any = field(default_factory=dict)
    content_type: str = "application/json"


API = "api/v1/"
VERSION = f"{API}models/<name>/versions/<int:number>"
PROMOTION = f"{API}promotions/<int:promotion_id>"
_FINAL, _OPEN = "/api/v1/models/loan/versions/{final}", "/api/v1/models/loan/versions/{open}"
_THIS = "/api/v1/promotions/{promotion}"
_REASON = {"reason": "because"}
_POINTER = {"kind": "git", "location": "data", "pin": "a" * 40}

#: Open to anybody, and why.
PUBLIC = {
    f"{API}openapi.json": "what the API looks like is no secret",
    f"{API}docs": "the same, for reading",
    "healthz": "asked by whatever watches the process",
    "readyz": "the same; names and yes or no for everybody, reasons for operators only",
    "theme/": "a visitor may like the dark, too; it sets a cookie and nothing else",
    "letters/stop/<str:token>/": "the signed address in a letter, which mail programs call",
    "favicon.ico": "the mark of the house, for pages that name none",
    "sign-in/": "the way in",
    "admin/login/": "the way in",
}
#: Addresses with nothing behind them.
NOTHING_THERE = (f"{API}", f"{API}<path:rest>")

API_ROWS: dict[str, list[Row]] = {
    f"{API}models": [
        Row("GET", "/api/v1/models", EVERYBODY),
        # Takes the role on all models; but for dana these callers have theirs on one.
        Row("POST", "/api/v1/models", frozenset({"dana"}), "write", hidden=False, sent={"name": "fare"}),
    ],
    f"{API}models/<name>": [Row("GET", "/api/v1/models/loan", INSIDERS)],
    f"{API}models/<name>/production": [Row("GET", "/api/v1/models/live/production", INSIDERS)],
    f"{API}models/<name>/best": [Row("GET", "/api/v1/models/live/best", INSIDERS)],
    f"{API}models/<name>/compare": [
        Row("GET", "/api/v1/models/loan/compare?versions={final},{other}", INSIDERS),
        Row("POST", "/api/v1/models/loan/compare", CONTRIBUTORS | REVIEWERS, "write", sent={"versions": [1, 2]}),
    ],
    f"{API}models/<name>/history": [Row("GET", "/api/v1/models/loan/history", INSIDERS)],
    f"{API}models/<name>/versions": [
        Row(
            "POST",
            "/api/v1/models/loan/versions",
            CONTRIBUTORS,
            "write",
            sent={"format": "onnx", "features": ["amount"]},
        )
    ],
    VERSION: [Row("GET", _FINAL, INSIDERS)],
    f"{VERSION}/artifacts/<path:path>": [
        Row("GET", f"{_FINAL}/artifacts/model.onnx", INSIDERS),
        Row("PUT", f"{_OPEN}/artifacts/more.txt", REGISTRANT, "write", sent="bytes", content_type="text/plain"),
    ],
    f"{VERSION}/finalize": [Row("POST", f"{_OPEN}/finalize", CONTRIBUTORS, "write")],
    f"{VERSION}/card/review": [Row("POST", f"{_FINAL}/card/review", REVIEWERS, "review", sent={"digest": ""})],
    f"{VERSION}/card": [
        Row("GET", f"{_FINAL}/card", INSIDERS),
        Row("PUT", f"{_OPEN}/card", CONTRIBUTORS, "write", sent="# Card", content_type="text/markdown"),
    ],
    f"{VERSION}/metrics": [
        Row(
            "POST",
            f"{_FINAL}/metrics",
            REGISTRANT,
            "write",
            sent={"dataset": "loan-holdout@1", "metrics": {"auc": 0.8}},
        )
    ],
    f"{VERSION}/predictions": [
        Row(
            "POST",
            f"{_FINAL}/predictions?dataset=loan-holdout@1",
            REGISTRANT,
            "write",
            sent="id,score",
            content_type="text/csv",
        )
    ],
    f"{VERSION}/promotions": [Row("POST", f"{_FINAL}/promotions", CONTRIBUTORS, "write", sent={"to": "Production"})],
    f"{API}datasets": [
        Row("GET", "/api/v1/datasets", INSIDERS, hidden=False),
        Row("POST", "/api/v1/datasets", CONTRIBUTORS | {"approver"}, "write", hidden=False, sent={"name": "more"}),
    ],
    f"{API}datasets/<name>/versions": [
        Row(
            "POST",
            "/api/v1/datasets/loan-holdout/versions",
            CONTRIBUTORS | {"approver"},
            "write",
            hidden=False,
            sent=_POINTER,
        ),
        Row(
            "POST",
            "/api/v1/datasets/loan-holdout/versions?id=id&target=t&positive=1",
            frozenset({"approver"}),
            "write",
            hidden=False,
            sent="id,t\na,1\nb,0",
            content_type="text/csv",
        ),
    ],
    f"{API}datasets/<name>/versions/<int:number>/impact": [
        Row("GET", "/api/v1/datasets/loan-holdout/versions/1/impact", INSIDERS, hidden=False)
    ],
    f"{API}datasets/<name>/versions/<int:number>/inputs": [
        Row("GET", "/api/v1/datasets/loan-holdout/versions/1/inputs", CONTRIBUTORS, hidden=False)
    ],
    f"{API}impact": [Row("GET", "/api/v1/impact?dataset=loan-train@1", INSIDERS, hidden=False)],
    f"{API}defects": [
        Row(
            "POST",
            "/api/v1/defects",
            REPORTERS,
            "operate",
            hidden=False,
            sent={"dataset": "loan-train@1", **_REASON},
        )
    ],
    f"{API}defects/<int:defect_id>/clear": [
        Row("POST", "/api/v1/defects/{defect}/clear", REPORTERS, "operate", hidden=False, sent=_REASON)
    ],
    f"{API}promotions": [Row("GET", "/api/v1/promotions", EVERYBODY)],
    PROMOTION: [Row("GET", _THIS, INSIDERS)],
    f"{PROMOTION}/reviews": [
        Row("POST", f"{_THIS}/reviews", REVIEWERS, "review", sent={"verdict": "approve", "seal": "{seal}"})
    ],
    f"{PROMOTION}/checklist/<item>": [
        Row("POST", f"{_THIS}/checklist/keeper", REVIEWERS, "review", sent={"seal": "{seal}"}),
        Row("POST", f"{_THIS}/checklist/cost", frozenset({"approver"}), "review", sent={"seal": "{seal}"}),
    ],
    f"{PROMOTION}/gates/<gate>/acknowledge": [
        Row("POST", f"{_THIS}/gates/card/acknowledge", REVIEWERS, "review", sent={**_REASON, "digest": ""})
    ],
    f"{PROMOTION}/gates/<gate>/waive": [
        Row("POST", f"{_THIS}/gates/card/waive", frozenset({"approver"}), "review", sent={**_REASON, "digest": ""})
    ],
    f"{PROMOTION}/gates/<gate>/report": [
        # The gate is no external check: 409 for everybody who sees the promotion, whoever they are.
        Row("POST", f"{_THIS}/gates/card/report", INSIDERS, "write", sent={"outcome": "passed", "summary": "x"})
    ],
    f"{PROMOTION}/gates/<gate>/rerun": [
        Row("POST", f"{_THIS}/gates/card/rerun", CONTRIBUTORS | REVIEWERS, "write", sent=_REASON)
    ],
    f"{PROMOTION}/withdraw": [Row("POST", f"{_THIS}/withdraw", frozenset({"dana"}), "write", sent=_REASON)],
    f"{PROMOTION}/resubmit": [Row("POST", f"{_THIS}/resubmit", CONTRIBUTORS, "write", sent={"answer": "done"})],
    f"{PROMOTION}/restart": [Row("POST", f"{_THIS}/restart", CONTRIBUTORS, "write", sent=_REASON)],
    f"{PROMOTION}/take-over": [Row("POST", f"{_THIS}/take-over", CONTRIBUTORS, "write", sent=_REASON)],
    f"{API}models/<name>/rollback": [Row("POST", "/api/v1/models/loan/rollback", OPERATORS, "operate", sent=_REASON)],
    f"{API}models/<name>/take-down": [Row("POST", "/api/v1/models/loan/take-down", OPERATORS, "operate", sent=_REASON)],
    f"{VERSION}/archive": [Row("POST", f"{_FINAL}/archive", OPERATORS, "operate", sent=_REASON)],
    f"{VERSION}/deprecate": [Row("POST", f"{_FINAL}/deprecate", OPERATORS, "operate", sent=_REASON)],
    f"{API}after-reviews": [Row("GET", "/api/v1/after-reviews", EVERYBODY)],
    f"{API}after-reviews/<int:after_review_id>": [
        Row("POST", "/api/v1/after-reviews/{after_review}", REVIEWERS, "review", sent={"verdict": "accepted"})
    ],
    f"{API}audit": [Row("GET", "/api/v1/audit", EVERYBODY)],
    f"{API}audit/export": [Row("GET", "/api/v1/audit/export", frozenset({"auditor"}), hidden=False)],
}

_VERSION_PAGE, _PAGE = "/models/loan/versions/{final}/", "/promotions/{promotion}/"
_CASES = "version={final}&against={other}&dataset=loan-holdout@1&outcome=any"

PAGE_ROWS: dict[str, list[Row]] = {
    "": [Row("GET", "/", EVERYBODY)],
    "models/": [Row("GET", "/models/", EVERYBODY)],
    "compare/": [Row("GET", "/compare/", EVERYBODY)],
    "models/<str:name>/": [Row("GET", "/models/loan/", INSIDERS)],
    "models/<str:name>/compare/": [
        Row("GET", "/models/loan/compare/", INSIDERS),
        Row("POST", "/models/loan/compare/", CONTRIBUTORS | REVIEWERS, sent={"versions": "1,2"}),
    ],
    "models/<str:name>/cases/": [
        Row("GET", "/models/loan/cases/", INSIDERS),
        # Counts for everybody; the rows themselves only for who may see them.
        Row("GET", f"/models/loan/cases/?{_CASES}", INSIDERS),
    ],
    "models/<str:name>/cases.csv": [Row("GET", f"/models/loan/cases.csv?{_CASES}", ROW_READERS)],
    "models/<str:name>/rollback/": [
        Row("GET", "/models/loan/rollback/", OPERATORS),
        Row("POST", "/models/loan/rollback/", OPERATORS, sent={"reason": "words"}),
    ],
    "models/<str:name>/take-down/": [
        Row("GET", "/models/loan/take-down/", OPERATORS),
        Row("POST", "/models/loan/take-down/", OPERATORS, sent={"reason": "words"}),
    ],
    "exceptions/": [Row("GET", "/exceptions/", EVERYBODY)],
    "exceptions/after-reviews/<int:number>/": [
        Row("POST", "/exceptions/after-reviews/{after_review}/", REVIEWERS, sent={"verdict": "accepted"})
    ],
    "models/<str:name>/versions.csv": [Row("GET", "/models/loan/versions.csv", INSIDERS)],
    "models/<str:name>/versions/<int:number>/": [
        Row("GET", _VERSION_PAGE, INSIDERS),
        Row("POST", _VERSION_PAGE, CONTRIBUTORS, sent={"action": "promote", "to": "Production", "reason": "x"}),
        Row("POST", _VERSION_PAGE, OPERATORS, sent={"action": "archive", "reason": "words"}),
        Row("POST", _VERSION_PAGE, OPERATORS, sent={"action": "deprecate", "reason": "words"}),
    ],
    "models/<str:name>/versions/<int:number>/card/": [
        Row("GET", f"{_VERSION_PAGE}card/", INSIDERS),
        Row("POST", f"{_VERSION_PAGE}card/", REVIEWERS, sent={"seen": ""}),
        Row("POST", f"{_VERSION_PAGE}card/", REVIEWERS, sent={"seen": "", "section": "0"}),
    ],
    "models/<str:name>/versions/<int:number>/card/edit/": [
        Row("GET", f"{_VERSION_PAGE}card/edit/", CONTRIBUTORS),
        Row("POST", f"{_VERSION_PAGE}card/edit/", CONTRIBUTORS, sent={"action": "preview", "text": "# Card"}),
        Row("POST", f"{_VERSION_PAGE}card/edit/", CONTRIBUTORS, sent={"action": "save", "text": "# Card"}),
    ],
    "models/<str:name>/versions/<int:number>/card/README.md": [Row("GET", f"{_VERSION_PAGE}card/README.md", INSIDERS)],
    "models/<str:name>/versions/<int:number>/evidence/<str:dataset>@<int:dataset_number>/": [
        Row("GET", "/models/loan/versions/{final}/evidence/loan-holdout@1/", INSIDERS)
    ],
    "models/<str:name>/versions/<int:number>/artifacts/<path:path>": [
        Row("GET", f"{_VERSION_PAGE}artifacts/model.onnx", INSIDERS)
    ],
    "datasets/": [Row("GET", "/datasets/", INSIDERS, hidden=False)],
    "datasets/<str:name>/": [Row("GET", "/datasets/loan-holdout/", INSIDERS, hidden=False)],
    "datasets/<str:name>/versions/<int:number>/": [
        Row("GET", "/datasets/loan-holdout/versions/1/", INSIDERS, hidden=False)
    ],
    "datasets/<str:name>/lock/": [
        Row("GET", "/datasets/loan-holdout/lock/", frozenset({"approver"}), hidden=False),
        Row("POST", "/datasets/loan-holdout/lock/", frozenset({"approver"}), hidden=False, sent={"id_column": "id"}),
    ],
    # For who administers all models, which nobody here does; its own tests let them in.
    "datasets/<str:name>/versions/<int:number>/rotate/": [
        Row("POST", "/datasets/loan-holdout/versions/1/rotate/", frozenset(), hidden=False, sent={"old": "x@1"})
    ],
    "models/<str:name>/versions/<int:number>/lineage/": [Row("GET", f"{_VERSION_PAGE}lineage/", INSIDERS)],
    "lineage/impact/": [Row("GET", "/lineage/impact/?commit=" + "c" * 40, INSIDERS, hidden=False)],
    "lineage/defects/": [
        Row("POST", "/lineage/defects/", REPORTERS, hidden=False, sent={"commit": "c" * 40, "reason": "words"})
    ],
    "lineage/defects/<int:number>/clear/": [
        Row("POST", "/lineage/defects/{defect}/clear/", REPORTERS, hidden=False, sent={"reason": "words"})
    ],
    "audit/": [Row("GET", "/audit/", EVERYBODY)],
    "audit/export/": [Row("POST", "/audit/export/", frozenset({"auditor"}), hidden=False, sent={"format": "csv"})],
    # For who audits or administers all models, which nobody here does; their own tests let them in.
    "people/": [Row("GET", "/people/", frozenset(), hidden=False)],
    "people/<str:username>/": [
        Row("GET", "/people/dana/", frozenset({"dana"}), hidden=False),
        Row("GET", "/people/dana/?model=loan", frozenset({"dana", "auditor", "administrator"})),
    ],
    "models/<str:name>/people/": [Row("GET", "/models/loan/people/", INSIDERS)],
    "policies/": [Row("GET", "/policies/", EVERYBODY)],
    "policies/<int:number>/": [Row("GET", "/policies/{policy}/", EVERYBODY)],
    "account/": [
        Row("GET", "/account/", EVERYBODY),
        Row("POST", "/account/", EVERYBODY, sent={"action": "issue", "name": "ci", "scopes": ["read"], "days": "1"}),
        Row("POST", "/account/", EVERYBODY, sent={"action": "choose_mail", "choice": "daily"}),
    ],
    "account/password/": [Row("GET", "/account/password/", EVERYBODY), Row("POST", "/account/password/", EVERYBODY)],
    "sign-out/": [Row("POST", "/sign-out/", EVERYBODY)],
    "promotions/<int:number>/": [Row("GET", _PAGE, INSIDERS)],
    "promotions/<int:number>/review/": [
        Row("POST", f"{_PAGE}review/", REVIEWERS, sent={"verdict": "approve", "seal": "{seal}"})
    ],
    "promotions/<int:number>/comment/": [Row("POST", f"{_PAGE}comment/", INSIDERS, sent={"comment": "words"})],
    "promotions/<int:number>/withdraw/": [
        Row("POST", f"{_PAGE}withdraw/", frozenset({"dana"}), sent={"comment": "words"})
    ],
    "promotions/<int:number>/resubmit/": [Row("POST", f"{_PAGE}resubmit/", CONTRIBUTORS, sent={"comment": "words"})],
    "promotions/<int:number>/restart/": [Row("POST", f"{_PAGE}restart/", CONTRIBUTORS, sent={"words": "words"})],
    "promotions/<int:number>/take-over/": [Row("POST", f"{_PAGE}take-over/", CONTRIBUTORS, sent={"words": "words"})],
    "promotions/<int:number>/gates/<slug:key>/waive/": [
        Row("POST", f"{_PAGE}gates/card/waive/", frozenset({"approver"}), sent={"words": "words"})
    ],
    "promotions/<int:number>/gates/<slug:key>/rerun/": [
        Row("POST", f"{_PAGE}gates/card/rerun/", CONTRIBUTORS | REVIEWERS, sent={"comment": "words"})
    ],
}

#: Where reading leaves an event, and why.
COUNTED = dict.fromkeys(
    ("models/<str:name>/cases/", "models/<str:name>/cases.csv"),
    "looking at locked rows is what the exposure ledger counts",
)

_CRUD = ("", "add/", "<path:object_id>/history/", "<path:object_id>/delete/", "<path:object_id>/change/")
#: For administrators of all models, and superusers. The number of the row shown stands for <path:object_id>.
ADMIN = [
    *("admin/", "admin/logout/", "admin/password_change/", "admin/password_change/done/", "admin/autocomplete/"),
    *("admin/jsi18n/", "admin/r/<path:content_type_id>/<path:object_id>/", "admin/(?P<url>.*)$"),
    "admin/^(?P<app_label>work|accounts|auth|approvals)/$",
    "admin/accounts/user/<id>/password/",
    *(
        f"admin/{table}/{way}"
        for table in ("accounts/rolegrant", "accounts/user", "auth/group", "approvals/policy", "work/mail")
        for way in (*_CRUD, "<path:object_id>/")
    ),
]
