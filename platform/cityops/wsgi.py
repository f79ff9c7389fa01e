"""WSGI entry point of one instance."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cityops.settings.production")

from cityops.foundation.patience import limit_statements

limit_statements()
django_application = get_wsgi_application()

from grid.web.tile_door import TileDoor  # noqa: E402  (after Django is set up)

application = TileDoor(django_application)
