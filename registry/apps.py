from django.apps import AppConfig


class RegistryConfig(AppConfig):
    name = "registry"
    verbose_name = "Registry"

    def ready(self) -> None:
        from registry.actions.clearing import queue_due_clearing
        from registry.actions.integrity import queue_due_check
        from work.rounds import add_round

        add_round("registry.check_integrity", queue_due_check)
        add_round("registry.clear_store", queue_due_clearing)
