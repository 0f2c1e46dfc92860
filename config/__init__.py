"""The wiring: settings, URLs, Celery, the commands that start things."""
