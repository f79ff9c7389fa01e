"""The typed environment helper: every deployment value is read here, and nowhere else.

``production`` defaults no secret and no host; a missing value stops the start with its name.
"""

from glob import glob
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import environ

env = environ.Env()

ROOT = Path(__file__).resolve().parents[3]
"""The folder that holds manage.py."""


def bundled_library(package: str, pattern: str) -> str:
    """Path of a native library that a wheel carries (GDAL in pyogrio, GEOS in shapely).

    Debian's own GDAL 3.6 cannot be told to leave files and networks alone (Django's gis.W001), the wheels' can.
    """
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise environ.ImproperlyConfigured(f"The package {package} is not installed; it carries {pattern}.")
    folder = Path(spec.origin).resolve().parent.parent / f"{package}.libs"
    found = sorted(glob(str(folder / pattern)))
    if not found:
        raise environ.ImproperlyConfigured(f"No {pattern} in {folder}; reinstall the package {package}.")
    return found[0]


def one_of(name: str, value: str, *choices: str) -> str:
    """The value of a setting that must be one of a few."""
    if value not in choices:
        raise environ.ImproperlyConfigured(f"{name}: {value!r} is not one of {', '.join(choices)}.")
    return value


def celery_broker(redis_url: str) -> str:
    """The same Redis in Celery's words: ``unix:///path?db=1`` becomes ``redis+socket:///path?virtual_host=1``."""
    parts = urlsplit(redis_url)
    if parts.scheme != "unix":
        return redis_url
    number = dict(parse_qsl(parts.query)).get("db", "0")
    return f"redis+socket://{parts.path}?virtual_host={number}"
