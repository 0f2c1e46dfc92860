from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ApprovalsConfig(AppConfig):
    name = "approvals"
    verbose_name = "Approvals"

    def ready(self) -> None:
        post_migrate.connect(_publish_defaults, sender=self, dispatch_uid="approvals.defaults")


def _publish_defaults(**_: object) -> None:
    from approvals.default_policies import publish_defaults

    publish_defaults()
