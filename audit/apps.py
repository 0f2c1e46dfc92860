from django.apps import AppConfig
from django.core import checks
from django.db.models.signals import post_migrate


class AuditConfig(AppConfig):
    name = "audit"
    verbose_name = "Audit"

    def ready(self) -> None:
        from audit import guards

        checks.register(guards.check_installed, checks.Tags.database)
        # Without a sender: SQLite drops a table's triggers when any migration rebuilds it.
        post_migrate.connect(guards.install_after_migrate, dispatch_uid="audit.guards")
