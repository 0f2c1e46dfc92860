from django.db import models
from django.db.models import Q
from django.utils import timezone


class Job(models.Model):
    """Something that must still be done. This row is the truth; a message on the queue only points at it."""

    class State(models.TextChoices):
        QUEUED = "queued", "Queued"
        RUNNING = "running", "Running"
        SUCCEEDED = "succeeded", "Succeeded"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    OPEN = (State.QUEUED, State.RUNNING)

    task = models.CharField(max_length=64, help_text="Name of the Celery task.")
    queue = models.CharField(max_length=16)
    subject = models.CharField(max_length=64, help_text='What it is about: "gate-run:12".')
    state = models.CharField(max_length=16, choices=State.choices, default=State.QUEUED)
    attempt = models.PositiveIntegerField(default=0, help_text="Claims so far; the running claim's fencing token.")
    max_attempts = models.PositiveIntegerField(default=3)
    not_before = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField(null=True)
    nudged_at = models.DateTimeField(null=True)
    progress = models.FloatField(default=0, help_text="A share, 0 to 1.")
    word = models.CharField(max_length=80, blank=True, help_text="What it is doing, in a word or two.")
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["task", "subject"], condition=Q(state__in=("queued", "running")), name="one_open_job"
            ),
            models.CheckConstraint(
                condition=Q(state="running", lease_until__isnull=False) | ~Q(state="running"),
                name="running_job_has_lease",
            ),
            models.CheckConstraint(condition=Q(progress__gte=0, progress__lte=1), name="job_progress_is_share"),
        )
        indexes = (
            models.Index(fields=["not_before"], condition=Q(state="queued"), name="job_queued"),
            models.Index(fields=["lease_until"], condition=Q(state="running"), name="job_running"),
        )

    def __str__(self) -> str:
        return f"{self.task} of {self.subject}: {self.state}"


class Mail(models.Model):
    """One letter to one person, written in the transaction of what it tells; sent by a worker."""

    recipient = models.EmailField()
    subject = models.CharField(max_length=200)
    text = models.TextField()
    html = models.TextField(blank=True)
    thread = models.CharField(max_length=100, blank=True, help_text="Letters with the same thread are shown as one.")
    once = models.CharField(max_length=200, unique=True, help_text="Key that makes this letter be written once.")
    job = models.OneToOneField(Job, null=True, on_delete=models.SET_NULL)
    written_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.subject} to {self.recipient}"
