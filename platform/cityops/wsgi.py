"""WSGI entry point of one instance."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cityops.settings.production")

application = get_wsgi_application()
