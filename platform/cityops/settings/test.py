"""Tests: a municipal instance unless a test chooses another tier; warnings are errors."""

from cityops.settings.environment import env

env.ENVIRON.setdefault("CITYOPS_TIER", "municipal")
env.ENVIRON.setdefault("CITYOPS_REGION", "330100000000")
env.ENVIRON.setdefault("CITYOPS_NODE", "330100000000-C")
env.ENVIRON.setdefault("CITYOPS_DEMO", "1")
env.ENVIRON.setdefault("DATABASE_URL", "postgis://postgres@127.0.0.1:5432/cityops")
env.ENVIRON.setdefault("REDIS_URL", "redis://127.0.0.1:6379/0")

from cityops.settings.base import *  # noqa: E402, F403
from cityops.settings.base import REST_FRAMEWORK, STATIC_ROOT  # noqa: E402

DEBUG = False
SECRET_KEY = "test-only-key-test-only-key-test-only-key-test-only-key"  # noqa: S105
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "testserver"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
REST_FRAMEWORK = {**REST_FRAMEWORK, "DEFAULT_THROTTLE_CLASSES": []}
CELERY_TASK_ALWAYS_EAGER = False
WHITENOISE_USE_FINDERS = True
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
