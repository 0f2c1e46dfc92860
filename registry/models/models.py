from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from accounts.roles import PERMISSIONS

NAME_PATTERN = r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}"
valid_name = RegexValidator(
    rf"\A{NAME_PATTERN}\Z", "Use letters, digits, dots, dashes and underscores, 128 at most, a letter or digit first."
)


class RiskTier(models.TextChoices):
    LOW = "low", "Low risk"
    MEDIUM = "medium", "Medium risk"
    HIGH = "high", "High risk"


class Model(models.Model):
    """A family of versions with one name. It is never removed and its name never given again."""

    name = models.CharField(max_length=128, validators=[valid_name])
    description = models.TextField(blank=True)
    use_case = models.CharField(max_length=200, blank=True)
    endpoint = models.CharField(max_length=200, blank=True, help_text="Where it serves, in words or as an address.")
    risk_tier = models.CharField(max_length=8, choices=RiskTier.choices, default=RiskTier.MEDIUM)
    primary_metric = models.CharField(max_length=32, default="auc")
    owners = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+", help_text="Contacts, not a role.")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    versions_registered = models.PositiveIntegerField(default=0, help_text="The newest version's number.")

    class Meta:
        permissions = PERMISSIONS
        constraints = (models.UniqueConstraint(Lower("name"), name="model_name_taken"),)

    def __str__(self) -> str:
        return self.name
