from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from registry.models import DatasetVersion, Task, Version


class LockedDataset(models.Model):
    """A dataset version whose bytes lie in the store, with its columns declared. Its labels never leave by the API."""

    dataset_version = models.OneToOneField(DatasetVersion, on_delete=models.PROTECT, related_name="locked")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the file as handed in.")
    size = models.PositiveBigIntegerField(help_text="Bytes of that file.")
    rows_digest = models.CharField(max_length=64, help_text="SHA-256 of its rows as they are read here, in Parquet.")
    rows = models.PositiveIntegerField()
    columns = models.JSONField(help_text='[{"name": …, "type": "number" or "text"}] in file order.')
    id_column = models.CharField(max_length=128)
    task = models.CharField(max_length=16, choices=Task.choices, default=Task.BINARY)
    target = models.CharField(max_length=128, blank=True, help_text="Empty: the rows are unlabelled.")
    positive_label = models.CharField(max_length=128, blank=True, help_text="Of a binary target; else empty.")
    positives = models.PositiveIntegerField(null=True, help_text="Rows with the positive label.")
    classes = models.JSONField(default=list, help_text="Of a target with several classes: their labels, sorted.")
    segment_columns = models.JSONField(default=list)
    groups = models.JSONField(default=dict, help_text="By segment column the groups in it, sorted.")
    weight_column = models.CharField(max_length=128, blank=True, help_text="How much each row counts; empty: alike.")
    locked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    locked_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=(Q(task="binary", positives__isnull=False) & ~Q(target="") & ~Q(positive_label=""))
                | (Q(task__in=["multiclass", "regression"], positives__isnull=True) & Q(positive_label=""))
                | Q(target="", positives__isnull=True, positive_label=""),
                name="binary_target_has_positive_label",
            ),
        )

    def __str__(self) -> str:
        return str(self.dataset_version)

    @property
    def input_columns(self) -> list[str]:
        """Names of the columns a model may be given: all but the id, the target and the weight."""
        withheld = {self.id_column, self.target, self.weight_column}
        return [column["name"] for column in self.columns if column["name"] not in withheld]

    @property
    def is_labelled(self) -> bool:
        """Whether there is a truth that predictions can be judged by."""
        return bool(self.target)


class Provenance(models.TextChoices):
    EXECUTED = "executed", "executed here on locked data"
    SCORED = "scored", "predictions scored here"
    REPORTED = "reported", "reported by the pipeline"


class Evaluation(models.Model):
    """One version on one locked dataset: predictions as a columnar file, and what was measured on them."""

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="evaluations")
    dataset = models.ForeignKey(LockedDataset, on_delete=models.PROTECT, related_name="evaluations")
    provenance = models.CharField(max_length=16, choices=Provenance.choices)
    evaluator = models.CharField(max_length=16, help_text="Version of the measuring code.")
    artifact_digest = models.CharField(max_length=64)
    predictions_digest = models.CharField(max_length=64, help_text="SHA-256 of the file of predictions in the store.")
    rows = models.PositiveIntegerField()
    curves = models.JSONField(default=dict, help_text="What is drawn of it, by name; see evidence.judging.curves.")
    fairness = models.JSONField(
        default=dict, help_text="Of a labelled binary evaluation, by segment column: evidence.fairness.Fairness."
    )
    isolation = models.CharField(max_length=16, blank=True, help_text="bubblewrap or limits; empty when not run here.")
    seconds = models.FloatField(null=True, help_text="How long the run took.")
    log = models.TextField(blank=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["version", "dataset", "evaluator"], name="never_computed_twice"),
            models.CheckConstraint(
                condition=~Q(provenance="executed") | ~Q(isolation=""), name="executed_says_how_isolated"
            ),
            models.CheckConstraint(condition=~Q(provenance="reported"), name="evaluations_are_made_here"),
        )

    def __str__(self) -> str:
        return f"{self.version} on {self.dataset}"


class MetricValue(models.Model):
    """One number of an evaluation: overall, or in one segment."""

    evaluation = models.ForeignKey(Evaluation, on_delete=models.CASCADE, related_name="values")
    metric = models.CharField(max_length=32)
    column = models.CharField(max_length=128, blank=True, help_text="Segment column; empty for all rows.")
    segment = models.CharField(max_length=128, blank=True)
    value = models.FloatField(null=True)
    low = models.FloatField(null=True, help_text="Its own 95% interval; null for metrics without one.")
    high = models.FloatField(null=True)
    method = models.CharField(max_length=100, blank=True, help_text="How that interval was made.")
    n = models.PositiveIntegerField(help_text="Rows the number rests on.")
    reason = models.CharField(max_length=200, blank=True, help_text="Why there is no value.")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["evaluation", "metric", "column", "segment"], name="one_value_per_metric"),
        )

    def __str__(self) -> str:
        return f"{self.metric} {self.value}"


class ReportedMetric(models.Model):
    """What a pipeline says it measured, on data that may never have been here: a claim, which no gate takes for
    evidence and nothing is ranked by. Once made it stands."""

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="reported_metrics")
    dataset = models.ForeignKey(DatasetVersion, on_delete=models.PROTECT, related_name="reported_metrics")
    metric = models.CharField(max_length=32)
    value = models.FloatField()
    reported_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reported_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["version", "dataset", "metric"], name="reported_once"),)

    def __str__(self) -> str:
        return f"{self.version} on {self.dataset}: {self.metric} {self.value} as reported"


class Comparison(models.Model):
    """Candidate against baseline, paired row by row; see `evidence.comparison.Comparison` for the shape of `result`."""

    candidate = models.ForeignKey(Evaluation, on_delete=models.PROTECT, related_name="+")
    baseline = models.ForeignKey(Evaluation, on_delete=models.PROTECT, related_name="+")
    result = models.JSONField()
    by_segment = models.JSONField(
        default=dict,
        help_text="The large part of it, loaded only where it is shown: other_segments, segment_decisions.",
    )
    outcomes_digest = models.CharField(
        max_length=64, help_text="SHA-256 of the file that has each row's outcome; see evidence.outcomes."
    )
    digest = models.CharField(max_length=64)
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["candidate", "baseline"], name="compared_once"),)

    def __str__(self) -> str:
        return f"{self.candidate} against {self.baseline.version}"


class Agreement(models.Model):
    """Candidate and baseline on the same unlabelled rows; see `evidence.agreement.Agreement` for `result`'s shape."""

    candidate = models.ForeignKey(Evaluation, on_delete=models.PROTECT, related_name="+")
    baseline = models.ForeignKey(Evaluation, on_delete=models.PROTECT, related_name="+")
    result = models.JSONField()
    digest = models.CharField(max_length=64)
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["candidate", "baseline"], name="agreed_once"),)

    def __str__(self) -> str:
        return f"{self.candidate} beside {self.baseline.version}"


class Importance(models.Model):
    """What a version's features are worth to it, by one metric; see `evidence.importance.Finding` for `result`'s shape.

    Made on `rows` rows of the evaluation's dataset, drawn and shuffled by `seed`, each feature `repeats` times.
    """

    evaluation = models.ForeignKey(Evaluation, on_delete=models.PROTECT, related_name="importances")
    metric = models.CharField(max_length=32)
    rows = models.PositiveIntegerField()
    repeats = models.PositiveIntegerField()
    seed = models.PositiveIntegerField()
    result = models.JSONField()
    digest = models.CharField(max_length=64)
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["evaluation", "metric"], name="explained_once"),)

    def __str__(self) -> str:
        return f"{self.metric} of {self.evaluation} by feature"


class ExposureEntry(models.Model):
    """The ledger of a locked dataset: each time something of it was released, what and to whom (names as text)."""

    class What(models.TextChoices):
        RESULT = "result", "Result released"
        INPUTS = "inputs", "Inputs handed out"
        ROWS = "rows", "Rows looked at"

    dataset = models.ForeignKey(LockedDataset, on_delete=models.PROTECT, related_name="exposures")
    what = models.CharField(max_length=16, choices=What.choices)
    who = models.CharField(max_length=150, help_text="Username; empty for Assaydesk itself.", blank=True)
    version = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.get_what_display()} of {self.dataset}"


class Measurement(models.Model):
    """Time and memory of one version on one host at one moment. Made anew for each gate run, never reused.

    Times are milliseconds of one call of the model with `batch_rows` rows, memory is of its whole process: both
    medians over the rounds. Measurements with the same `together` were made in one job, their rounds taking turns.
    """

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="measurements")
    dataset = models.ForeignKey(LockedDataset, on_delete=models.PROTECT, related_name="+")
    together = models.UUIDField()
    host = models.CharField(max_length=255)
    isolation = models.CharField(max_length=16, help_text="bubblewrap or limits.")
    batch_rows = models.PositiveIntegerField()
    n = models.PositiveIntegerField(help_text="Timed calls in all rounds.")
    p50 = models.FloatField()
    p95 = models.FloatField()
    p99 = models.FloatField()
    idle_bytes = models.PositiveBigIntegerField(help_text="Most memory before the model was loaded.")
    peak_bytes = models.PositiveBigIntegerField()
    rounds = models.JSONField(help_text="The figures of each round; see evidence.measuring.Round.to_dict.")
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["version", "together"], name="measured_once_together"),
            models.CheckConstraint(condition=Q(n__gte=1, batch_rows__gte=1), name="measurement_has_calls"),
        )

    def __str__(self) -> str:
        return f"{self.version} at {self.made_at:%Y-%m-%d %H:%M}"
