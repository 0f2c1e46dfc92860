"""The Celery application. Its settings are `CELERY` in config/settings.py, read when first needed."""

import os

from celery import Celery

from config import worker_start
from work import queue_files

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

queue_files.make_known()
app = Celery("assaydesk")
app.config_from_object("config.settings:CELERY")
app.autodiscover_tasks()
worker_start.connect()
