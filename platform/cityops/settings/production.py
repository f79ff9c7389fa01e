"""Production: no secret and no host has a default; ``check --deploy`` is clean."""

from django.core.exceptions import ImproperlyConfigured

from cityops.settings.base import *  # noqa: F403
from cityops.settings.base import CITYOPS_BEHIND_PROXY
from cityops.settings.environment import env

DEBUG = False
SECRET_KEY = env.str("CITYOPS_SECRET_KEY")
if len(SECRET_KEY) < 50:
    raise ImproperlyConfigured("CITYOPS_SECRET_KEY: 50 random characters or more are needed.")
SECRET_KEY_FALLBACKS = env.list("CITYOPS_SECRET_KEY_FALLBACKS", default=[])
ALLOWED_HOSTS = env.list("CITYOPS_ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in ALLOWED_HOSTS]
SECURE_SSL_REDIRECT = True
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
LANGUAGE_COOKIE_SECURE = True
if CITYOPS_BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
