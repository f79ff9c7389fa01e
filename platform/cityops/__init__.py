"""CityOps: the Django project and what every tier shares."""

from cityops.celery import app as celery_app

__all__ = ["celery_app"]
