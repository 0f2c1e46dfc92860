from django.contrib.auth.models import AbstractUser, Group
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.roles import Role


class MailChoice(models.TextChoices):
    AT_ONCE = "at_once", "Each at once"
    DAILY = "daily", "One letter a day"
    NONE = "none", "None"


class User(AbstractUser):
    """A person, or a service account that acts on behalf of one and never decides."""

    is_service = models.BooleanField(
        "service account", default=False, help_text="A program. It signs in by token only and can't approve."
    )
    mail_choice = models.CharField(
        "letters", max_length=8, choices=MailChoice.choices, default=MailChoice.AT_ONCE, editable=False
    )
    next_letter_at = models.DateTimeField(
        null=True, editable=False, help_text="When letters that were put off are told in one; empty: none are put off."
    )

    class Meta(AbstractUser.Meta):
        constraints = (
            models.CheckConstraint(
                condition=Q(is_service=False) | Q(is_staff=False, is_superuser=False), name="service_is_not_staff"
            ),
        )
        indexes = (
            models.Index(
                fields=["next_letter_at"], condition=Q(next_letter_at__isnull=False), name="people_by_next_letter"
            ),
        )

    def __str__(self) -> str:
        return self.display_name

    @property
    def display_name(self) -> str:
        return self.get_full_name() or self.username

    @property
    def initials(self) -> str:
        """Two letters for the person's punch."""
        words = self.display_name.split()
        return (words[0][0] + words[-1][0] if len(words) > 1 else self.display_name[:2]).upper()


class AccessToken(models.Model):
    """A program's key. Only its hash is kept: the text is shown once, when it is issued."""

    class Scope(models.TextChoices):
        READ = "read", "Read"
        WRITE = "write", "Register and promote"
        REVIEW = "review", "Review"
        OPERATE = "operate", "Roll back and take down"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=100, blank=True, help_text="What it is for.")
    prefix = models.CharField(max_length=16, unique=True)
    digest = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.prefix}… of {self.user}"

    @property
    def is_usable(self) -> bool:
        return self.revoked_at is None and self.expires_at > timezone.now() and self.user.is_active


class RoleGrant(models.Model):
    """Who holds which role, and where. This is the truth; django-guardian's rows follow it."""

    role = models.CharField(max_length=16, choices=Role.choices)
    user = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.CASCADE, related_name="role_grants", verbose_name="person"
    )
    group = models.ForeignKey(Group, null=True, blank=True, on_delete=models.CASCADE, related_name="role_grants")
    # By name, as AUTH_USER_MODEL would be: this app knows of models only that rights are held on them.
    model = models.ForeignKey(
        "registry.Model",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="role_grants",
        help_text="Leave empty for all models.",
    )
    granted_by = models.ForeignKey(User, null=True, editable=False, on_delete=models.SET_NULL, related_name="+")
    granted_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(user__isnull=False, group__isnull=True) | Q(user__isnull=True, group__isnull=False),
                name="grant_to_person_or_group",
                violation_error_message="Choose a person or a group, not both.",
            ),
            # Coalesced, because a unique constraint takes two empty values for different ones.
            models.UniqueConstraint(
                "role",
                Coalesce("user", Value(0)),
                Coalesce("group", Value(0)),
                Coalesce("model", Value(0)),
                name="one_grant_of_a_role",
                violation_error_message="This role is granted there already.",
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_role_display()} for {self.user or self.group} on {self.model or 'all models'}"
