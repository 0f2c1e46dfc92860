from django.conf import settings
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
            models.Index(fields=["task", "-created_at"], name="job_newest_of_task"),
        )

    def __str__(self) -> str:
        return f"{self.task} of {self.subject}: {self.state}"


class Mail(models.Model):
    """One letter to one person, written in the transaction of what it tells; sent by a worker, or put off."""

    class Fate(models.TextChoices):
        SENT = "sent", "Sent"
        WAITING = "waiting", "Waiting to be sent"
        REFUSED = "refused", "Not delivered"
        PUT_OFF = "put_off", "Put off for a daily letter"
        TOLD = "told", "Told in a daily letter"

    recipient = models.EmailField()
    recipient_name = models.CharField(max_length=150, blank=True)
    kind = models.CharField(max_length=32, blank=True, help_text='What it is for: "review", "decided".')
    subject = models.CharField(max_length=200)
    text = models.TextField()
    html = models.TextField(blank=True)
    gist = models.CharField(max_length=300, blank=True, help_text="What a daily letter says of it.")
    link = models.CharField(max_length=300, blank=True, help_text="Address of the page it is about.")
    unsubscribe = models.CharField(max_length=300, blank=True, help_text="Address that stops such letters.")
    thread = models.CharField(max_length=100, blank=True, help_text="Letters with the same thread are shown as one.")
    opens_thread = models.BooleanField(default=True, help_text="The first of its thread to this address.")
    once = models.CharField(max_length=200, unique=True, help_text="Key that makes this letter be written once.")
    job = models.OneToOneField(Job, null=True, on_delete=models.SET_NULL)
    # By name, as AUTH_USER_MODEL is: this app knows of people only that letters wait for them.
    put_off_for = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.CASCADE,
        related_name="letters_put_off",
        help_text="Who gets it with their next daily letter.",
    )
    told_in = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="tells_of")
    written_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "letter"
        indexes = (
            models.Index(fields=["thread", "recipient"], name="mail_of_thread"),
            models.Index(fields=["-written_at"], name="mail_newest_first"),
        )

    def __str__(self) -> str:
        return f"{self.subject} to {self.recipient}"

    @property
    def fate(self) -> str:
        """What became of it, as one of `Fate`."""
        if self.sent_at is not None:
            return self.Fate.SENT
        if self.job is not None:
            return self.Fate.WAITING if self.job.state in Job.OPEN else self.Fate.REFUSED
        return self.Fate.PUT_OFF if self.put_off_for_id is not None else self.Fate.TOLD


class Sign(models.Model):
    """A process's sign that it is there; it goes on signing as long as it is."""

    who = models.CharField(max_length=100, help_text="Machine and process.")
    part = models.CharField(max_length=16, help_text='What it is there for: a queue, or "sweeper".')
    notes = models.JSONField(default=dict, help_text="What it says about its machine.")
    started_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["who", "part"], name="one_sign_per_process"),)
        indexes = (models.Index(fields=["part", "seen_at"], name="signs_by_part"),)

    def __str__(self) -> str:
        return f"{self.part} {self.who}"
