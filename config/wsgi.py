"""The web application for gunicorn. It refuses to start when the record isn't guarded."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()

from audit.guards import assert_installed

assert_installed()
