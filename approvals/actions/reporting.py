"""The answer of an external check, handed in by the program that makes it."""

from django.db import transaction
from django.utils import timezone

from accounts.access import as_of_now
from accounts.models import User
from accounts.reasons import Conflict, Invalid, refuse_if
from approvals import events
from approvals.actions.gates import digest_of_outcome, keep_marks
from approvals.actions.progress import advance, lock_promotion, recheck
from approvals.actions.queueing import replace_run
from approvals.gates import Judged
from approvals.models import GateRun, Outcome, Promotion
from approvals.permissions import why_not_report
from approvals.standing import current_runs, run_named
from approvals.subjects import promotion_subject
from audit.actions import record
from evidence.models import Provenance

_REPORTABLE = (Outcome.PASSED, Outcome.FAILED)


@transaction.atomic
def report_gate(
    promotion: Promotion, key: str, *, actor: User, outcome: str, summary: str, url: str = "", artifact: str = ""
) -> Promotion:
    """Takes the answer of an external check: passed or failed, with a summary and perhaps where to read more.

    `artifact` is the digest of what was checked; it must be the version's when it is given. Raises Forbidden
    for who isn't asked, Conflict when the promotion is closed, Invalid for anything but a clear answer.
    """
    promotion = lock_promotion(promotion.pk)
    run = run_named(key, current_runs(promotion), promotion)
    run.promotion = promotion
    refuse_if(why_not_report(run, as_of_now(actor)))
    _check_report(promotion, outcome, summary, url, artifact)
    answer = _replaced(run, Outcome(outcome), summary.strip(), url, actor)
    after = {"gate": key, "run": answer.number, "outcome": outcome, "summary": summary.strip(), "url": url}
    record(events.GATE_REPORTED, promotion_subject(promotion), actor=actor, after=after)
    keep_marks(answer, answer.digest)
    recheck(promotion)
    advance(promotion)
    return promotion


def _check_report(promotion: Promotion, outcome: str, summary: str, url: str, artifact: str) -> None:
    if outcome not in _REPORTABLE:
        raise Invalid("unknown_outcome", f"{outcome!r} can't be reported.", "Report passed or failed.")
    if not summary.strip():
        raise Invalid("no_summary", "Say in a line what was checked and found.", "Send it as the summary.")
    if url and not url.startswith(("https://", "http://")):
        raise Invalid("bad_url", f"{url!r} is no web address.", "Begin it with https://.")
    if artifact and artifact != promotion.version.artifact_digest:
        text = f"The check was of {artifact}; {promotion.version} is {promotion.version.artifact_digest}."
        raise Conflict("other_artifact", text, "Check the version that is to be promoted.")


def _replaced(run: GateRun, outcome: Outcome, summary: str, url: str, actor: User) -> GateRun:
    replace_run(run)
    return GateRun.objects.create(
        promotion=run.promotion,
        key=run.key,
        kind=run.kind,
        parameters=run.parameters,
        position=run.position,
        number=run.number + 1,
        outcome=outcome,
        summary=summary,
        details={"url": url} if url else {},
        provenance=Provenance.REPORTED,
        digest=digest_of_outcome(run, Judged(outcome, summary)),
        because=f"reported by {actor.display_name}",
        finished_at=timezone.now(),
    )
