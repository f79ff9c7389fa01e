"""Development and the demo: debug off unless asked for, plain http on loopback.

Refuses to start where the environment is that of an instance in production: its key is published.
"""

from django.core.exceptions import ImproperlyConfigured

from cityops.settings.environment import env

OF_PRODUCTION = ("CITYOPS_ALLOWED_HOSTS", "CITYOPS_BEHIND_PROXY")
if found := [name for name in OF_PRODUCTION if env.ENVIRON.get(name)]:
    raise ImproperlyConfigured(
        f"{' and '.join(found)} belong to production: set DJANGO_SETTINGS_MODULE=cityops.settings.production."
    )
env.ENVIRON.setdefault("CITYOPS_TIER", "municipal")
env.ENVIRON.setdefault("CITYOPS_REGION", "330100000000")
env.ENVIRON.setdefault("CITYOPS_NODE", "330100000000-C")
env.ENVIRON.setdefault("CITYOPS_DEMO", "1")
env.ENVIRON.setdefault("DATABASE_URL", "postgis://postgres@127.0.0.1:5432/cityops")
env.ENVIRON.setdefault("REDIS_URL", "redis://127.0.0.1:6379/0")

from cityops.settings.base import *  # noqa: E402, F403
from cityops.settings.base import STATIC_ROOT  # noqa: E402

DEBUG = env.bool("CITYOPS_DEBUG", default=False)
SECRET_KEY = env.str("CITYOPS_SECRET_KEY", default="development-only-key-never-used-where-people-work-0123456789")
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]", "testserver"]
WHITENOISE_USE_FINDERS = True
"""Static files straight from the apps and var/assets: no collectstatic before a start."""
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
