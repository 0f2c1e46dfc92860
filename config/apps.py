from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        # Made here so that every process, not only workers, publishes through this application.
        from config import celery  # noqa: F401
