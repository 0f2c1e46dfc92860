from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ApprovalsConfig(AppConfig):
    name = "approvals"
    verbose_name = "Approvals"

    def ready(self) -> None:
        from approvals.actions.daily_letters import queue_daily_letters
        from approvals.actions.deadlines import go_round
        from approvals.actions.reminding import queue_reminders
        from work.rounds import add_round

        add_round("approvals.deadlines", go_round)
        add_round("approvals.reminders", queue_reminders)
        add_round("approvals.daily_letters", queue_daily_letters)
        post_migrate.connect(_publish_defaults, sender=self, dispatch_uid="approvals.defaults")


def _publish_defaults(**_: object) -> None:
    from approvals.default_policies import publish_defaults

    publish_defaults()
