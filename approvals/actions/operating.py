"""What operators do at once, without asking first: rollback, take-down, archiving, deprecation.

Nothing here waits for a worker, a queue or a mail server.
"""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from accounts.access import as_of_now
from accounts.models import User
from accounts.reasons import Conflict, Invalid, demand, refuse_if
from approvals import events, lifecycle, notifications
from approvals.actions.exceptions import open_after_review
from approvals.actions.progress import lock_promotion, see_to_others, supersede
from approvals.defects import warning_of
from approvals.models import OPEN_STATES, AfterReview, Promotion
from approvals.permissions import why_not_archive, why_not_deprecate, why_not_operate, why_not_restore
from approvals.queries import last_term_live, previous_live, ways_back
from audit.actions import record
from registry import events as registry_events
from registry.lineage import defects_of_version
from registry.models import Model, Version
from registry.queries import primary_version
from registry.subjects import model_subject, version_subject

#: What is expected to be live when nothing is.
NOTHING = 0
#: Two at night, or one whose answer was lost, mean one step back: so long the next one must say what it goes back from.
ONE_STEP_WITHIN = timedelta(minutes=10)
_DOUBTS_TOLD = 3


@transaction.atomic
def roll_back(
    model: Model, *, actor: User, reason: str, to: Version | None = None, expected_live: int | None = None
) -> Version:
    """Puts a version that was live before back into Production, at once, and opens an after-review.

    `to` names it; without it, it is the previous one (see `previous_live`). `expected_live` is the number of
    the version the caller believes to be live, NOTHING for none; who says neither goes back one step, however
    often within ONE_STEP_WITHIN. Raises Forbidden for who isn't an operator, Conflict when something else is live
    by now or the version can't be restored, Invalid without a reason.
    """
    model = lifecycle.lock_model(model.pk)
    refuse_if(why_not_operate(model, as_of_now(actor)))
    reason = demand(reason, "Say why it is rolled back.")
    live = primary_version(model)
    _check_expected(live, expected_live)
    if to is None and expected_live is None:
        _check_not_just_done(live)
    target = to if to is not None else previous_live(model)
    if target is None:
        raise _nothing_previous(model)
    if target.model_id != model.pk:
        raise Invalid("other_model", f"{target} is no version of {model.name}.")
    target = Version.objects.select_related("model").get(pk=target.pk)
    refuse_if(why_not_restore(target, last_term_live(target)))
    left = lifecycle.restore(target, lifecycle.Cause(f"rollback: {reason}", actor))
    warning = warning_of(defects_of_version(target), model)
    names = ", ".join(version.name for version in left)
    subject = f"{model.name} rolled back {f'from {names} ' if left else ''}to {target.name}"
    subject += "" if left else ", as nothing was live"
    record(
        events.ROLLED_BACK,
        model_subject(model),
        actor=actor,
        before={"live": [version.number for version in left]},
        after={"live": [target.number], **({"warnings": [warning]} if warning else {})},
        reason=reason,
    )
    _follow_up(model, AfterReview.Cause.ROLLBACK, subject, actor, reason, because=f"rollback by {actor.display_name}")
    return target


def _nothing_previous(model: Model) -> Conflict:
    """Where doubts are all that is in the way, they are told with the version that each is about."""
    doubtful = [(version, doubt) for version, doubt in ways_back(model) if doubt is not None][:_DOUBTS_TOLD]
    text = f"No earlier version of {model.name} can be gone back to"
    if not doubtful:
        return Conflict("nothing_previous", f"{text}.", "Take the model down, or promote another version.")
    told = " ".join(doubt.text for _, doubt in doubtful)
    numbers = [version.number for version, _ in doubtful]
    remedy = f"Name one to go back to it all the same (to: {numbers[0]}), or take the model down."
    return Conflict("nothing_previous", f"{text} by itself. {told}", remedy, doubtful=numbers)


@transaction.atomic
def take_down(model: Model, *, actor: User, reason: str, expected_live: int | None = None) -> list[Version]:
    """Takes everything of a model out of Production: the only way to nothing live. Raises as `roll_back` does."""
    model = lifecycle.lock_model(model.pk)
    refuse_if(why_not_operate(model, as_of_now(actor)))
    reason = demand(reason, "Say why it is taken down.")
    live = primary_version(model)
    _check_expected(live, expected_live)
    if live is None:
        raise Conflict("nothing_live", f"Nothing of {model.name} is live.")
    left = lifecycle.take_down(model, lifecycle.Cause(f"take-down: {reason}", actor))
    subject = f"{model.name} taken down: {', '.join(version.name for version in left)} left Production"
    before = {"live": [version.number for version in left]}
    record(events.TAKEN_DOWN, model_subject(model), actor=actor, before=before, after={"live": []}, reason=reason)
    _follow_up(model, AfterReview.Cause.TAKE_DOWN, subject, actor, reason, because=f"take-down by {actor.display_name}")
    return left


def _follow_up(model: Model, cause: AfterReview.Cause, subject: str, actor: User, reason: str, *, because: str) -> None:
    open_after_review(model, cause, subject=subject, reason=reason, actor=actor)
    notifications.tell_operators(model, title=subject, reason=reason, actor=actor)
    see_to_others(model, because=because)


@transaction.atomic
def archive_version(version: Version, *, actor: User, reason: str) -> Version:
    """Puts away a version that isn't live. Raises Forbidden, Conflict, or Invalid without a reason."""
    model = lifecycle.lock_model(version.model_id)
    version = Version.objects.select_related("model").get(pk=version.pk)
    refuse_if(why_not_archive(version, as_of_now(actor)))
    reason = demand(reason, "Say why it is archived.")
    lifecycle.archive(version, lifecycle.Cause(f"archived: {reason}", actor))
    record(events.VERSION_ARCHIVED, version_subject(version), actor=actor, reason=reason)
    see_to_others(model, because=actor.display_name)
    return version


@transaction.atomic
def deprecate_version(version: Version, *, actor: User, reason: str) -> Version:
    """Marks a version as not to be promoted, nor gone back to, again; it stays where it is. Raises as above."""
    lifecycle.lock_model(version.model_id)
    version = Version.objects.select_related("model").get(pk=version.pk)
    refuse_if(why_not_deprecate(version, as_of_now(actor)))
    reason = demand(reason, "Say why it is deprecated.")
    version.deprecated_at = timezone.now()
    version.save(update_fields=["deprecated_at"])
    record(registry_events.VERSION_DEPRECATED, version_subject(version), actor=actor, reason=reason)
    wanted = Promotion.objects.filter(version=version, state__in=OPEN_STATES)
    for pk in wanted.order_by("pk").values_list("pk", flat=True):
        supersede(lock_promotion(pk), f"{version} was deprecated by {actor.display_name}: {reason}")
    return version


def _check_expected(live: Version | None, expected: int | None) -> None:
    if expected is None or expected == (live.number if live else NOTHING):
        return
    now = f"{live} is live now" if live else "nothing is live now"
    text = f"Not done: {now}, not {f'version {expected}' if expected else 'nothing'}."
    raise Conflict("live_moved", text, "Look again, then decide.", live=live and live.number)


def _check_not_just_done(live: Version | None) -> None:
    term = last_term_live(live) if live else None
    if live is None or term is None:
        return
    since = max(term.started_at, timezone.now() - ONE_STEP_WITHIN)
    done = AfterReview.objects.filter(model=live.model_id, cause=AfterReview.Cause.ROLLBACK, opened_at__gte=since)
    latest = done.select_related("actor").order_by("-opened_at").first()
    if latest is not None:
        ago = max(0, round((timezone.now() - latest.opened_at).total_seconds()))  # machines' clocks differ a little
        raise Conflict(
            "just_rolled_back",
            f"Not done again: {latest.actor.display_name} went back to {live} {ago} s ago.",
            f"To go back further, say that it is live now (expected_live: {live.number}).",
            live=live.number,
        )
