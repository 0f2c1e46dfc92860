"""Everything that changes people, tokens and roles."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import events, tokens
from accounts.guardian_rows import follow_administration, follow_grants, role_subject
from accounts.letters import first_daily_letter
from accounts.models import AccessToken, MailChoice, RoleGrant, User
from accounts.permissions import why_not_hold, why_not_join, why_not_service
from accounts.queries import usable_tokens
from accounts.reasons import Conflict, Invalid
from accounts.roles import Role
from audit.actions import Subject, record


@transaction.atomic
def create_person(
    username: str,
    *,
    actor: User | None,
    name: str = "",
    email: str = "",
    password: str | None = None,
    is_service: bool = False,
    is_superuser: bool = False,
) -> User:
    """A new person or service account. Without a password it can't sign in to pages."""
    if User.objects.filter(username__iexact=username).exists():
        raise Conflict("username_taken", f"There is already an account named {username}.")
    first, _, last = name.partition(" ")
    person = User(
        username=username,
        email=email,
        first_name=first,
        last_name=last,
        is_service=is_service,
        is_superuser=is_superuser,
        is_staff=is_superuser,
    )
    person.set_password(password)
    person.full_clean(exclude=["password"])
    return add_person(person, actor=actor)


@transaction.atomic
def add_person(person: User, *, actor: User | None) -> User:
    """Stores a new account that was filled in and checked already (the admin site's form does that)."""
    person.save()
    record(events.PERSON_CREATED, subject_of(person), actor=actor, after=_person_fields(person))
    return person


@transaction.atomic
def edit_person(person: User, *, actor: User | None) -> User:
    """Stores changes to an account; one made inactive is out at once, tokens and pages alike.

    Raises Invalid when somebody who decides or administers would become a service account.
    """
    if person.is_service and (reason := why_not_service(person)) is not None:
        raise Invalid.because(reason)
    before = _person_fields(User.objects.get(pk=person.pk))
    person.save()
    record(events.PERSON_EDITED, subject_of(person), actor=actor, before=before, after=_person_fields(person))
    return person


@transaction.atomic
def change_password(person: User, password: str | None, *, actor: User | None) -> int:
    """A new password, checked already by the form that took it; it ends the person's other sessions and their
    access tokens: whoever had the old password may have made one. Answers with how many tokens ended.

    None takes the password away: the person can't sign in to pages by one.
    """
    person.set_password(password)
    person.save(update_fields=["password"])
    ending = list(usable_tokens(person))
    for token in ending:
        revoke_token(token, actor=actor)
    record(events.PASSWORD_CHANGED, subject_of(person), actor=actor, after={"tokens_ended": len(ending)})
    return len(ending)


@transaction.atomic
def grant_role(role: str, *, to: User | Group, actor: User | None, model: Any = None) -> RoleGrant:
    """Grants a role on one model, or on all with `model=None`; django-guardian's rows follow in the same step."""
    if (reason := why_not_hold(to, role)) is not None:
        raise Invalid.because(reason)
    holder = {"user": to} if isinstance(to, User) else {"group": to}
    try:
        with transaction.atomic():
            grant = RoleGrant.objects.create(role=role, model=model, granted_by=actor, **holder)
    except IntegrityError as error:
        raise Conflict("granted_already", f"{to} is {Role(role).label.lower()} there already.") from error
    follow_grants(to, model)
    record(events.ROLE_GRANTED, _grant_subject(grant), actor=actor, after=_grant_fields(grant))
    return grant


@transaction.atomic
def revoke_role(grant: RoleGrant, *, actor: User | None, reason: str = "") -> None:
    """Takes a role back at once. Marks that its holder made with it stay on the record, but count no longer."""
    subject, fields = _grant_subject(grant), _grant_fields(grant)
    holder, model = grant.user or grant.group, grant.model
    assert holder is not None  # the table's constraint: a person or a group
    if not RoleGrant.objects.filter(pk=grant.pk).delete()[0]:
        return  # somebody else did it a moment ago, and that is on the record
    follow_grants(holder, model)
    record(events.ROLE_REVOKED, subject, actor=actor, before=fields, reason=reason)


@transaction.atomic
def add_group(group: Group, *, actor: User | None) -> Group:
    """Stores a new group. What its members may do is granted to it as roles, never as permissions of its own."""
    group.save()
    record(events.GROUP_CREATED, Subject("group", str(group.pk), group.name), actor=actor)
    return group


@transaction.atomic
def change_groups(person: User, groups: Iterable[Group], *, actor: User | None) -> None:
    """Sets a person's groups. Groups carry roles, so joining one is on the record like a grant.

    Raises Invalid for somebody who would join a group of reviewers or approvers by their own hand.
    """
    groups = list(groups)
    if actor is not None and (reason := why_not_join(person, groups, actor)) is not None:
        raise Invalid.because(reason)
    before = sorted(person.groups.values_list("name", flat=True))
    person.groups.set(groups)
    after = sorted(person.groups.values_list("name", flat=True))
    follow_administration([person])
    if before != after:
        record(events.GROUPS_CHANGED, subject_of(person), actor=actor, before=before, after=after)


@transaction.atomic
def choose_mail(person: User, choice: str, *, actor: User | None, reason: str = "") -> None:
    """Sets how letters come to the person; those put off until now are told in one letter soon, unless none may come.

    Raises Invalid for a choice there isn't.
    """
    if choice not in MailChoice.values:
        raise Invalid("bad_mail_choice", f"{choice!r} is no way for letters to come.", _MAIL_CHOICES)
    before = User.objects.select_for_update().get(pk=person.pk).mail_choice
    if choice == before:
        return
    person.mail_choice = choice
    person.next_letter_at = first_daily_letter(choice)
    person.save(update_fields=["mail_choice", "next_letter_at"])
    record(events.MAIL_CHOICE_CHANGED, subject_of(person), actor=actor, before=before, after=choice, reason=reason)


_MAIL_CHOICES = f"Choose from {', '.join(MailChoice.values)}."


@transaction.atomic
def issue_token(
    user: User, *, actor: User | None, scopes: Sequence[str], days: float = 90, name: str = ""
) -> tuple[AccessToken, str]:
    """A new token and its text, which can't be read again later.

    Raises Invalid for unknown scopes, and for the scope review with a service account or over 24 hours: a
    review by token must be a person's own and recent.
    """
    unknown = set(scopes) - set(AccessToken.Scope.values)
    if unknown or not scopes:
        raise Invalid(
            "unknown_scope",
            f"Unknown scope: {', '.join(sorted(unknown)) or 'none given'}.",
            f"Choose from {', '.join(AccessToken.Scope.values)}.",
        )
    if AccessToken.Scope.REVIEW in scopes:
        _check_review_scope(user, days)
    if not 0 < days <= 366:
        raise Invalid("bad_days", "A token lives for more than 0 and at most 366 days.")
    prefix, text = tokens.make_secret()
    token = AccessToken.objects.create(
        user=user,
        name=name,
        prefix=prefix,
        digest=tokens.digest_of(text),
        scopes=sorted(set(scopes)),
        expires_at=timezone.now() + timedelta(days=days),
    )
    after = {"prefix": prefix, "scopes": token.scopes, "expires_at": token.expires_at.isoformat()}
    record(events.TOKEN_ISSUED, subject_of(user), actor=actor, after=after)
    return token, text


def _check_review_scope(user: User, days: float) -> None:
    if user.is_service:
        raise Invalid("service_cannot_review", f"{user} is a service account; only people review.")
    if days * 24 > tokens.REVIEW_HOURS:
        raise Invalid(
            "review_token_too_long",
            f"A token with the scope review lives {tokens.REVIEW_HOURS} hours at most.",
            "Choose 1 day or less.",
        )


@transaction.atomic
def revoke_token(token: AccessToken, *, actor: User | None) -> None:
    """Ends a token at once; doing it twice changes nothing."""
    ended = AccessToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now())
    if ended:
        record(events.TOKEN_REVOKED, subject_of(token.user), actor=actor, before={"prefix": token.prefix})


def subject_of(person: User) -> Subject:
    return Subject("person", str(person.pk), person.username)


def _person_fields(person: User) -> dict[str, object]:
    return {
        "username": person.username,
        "name": person.get_full_name(),
        "email": person.email,
        "active": person.is_active,
        "service": person.is_service,
        "superuser": person.is_superuser,
    }


def _grant_subject(grant: RoleGrant) -> Subject:
    model = grant.model.name if grant.model else ""
    return Subject("role", str(grant.pk), role_subject(grant), model=model)


def _grant_fields(grant: RoleGrant) -> dict[str, str]:
    return {
        "role": grant.role,
        "holder": grant.user.username if grant.user else f"group {grant.group}",
        "model": grant.model.name if grant.model else "all models",
    }
