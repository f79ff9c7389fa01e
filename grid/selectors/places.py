"""Where this city is."""

from django.conf import settings


def city_prefix() -> str:
    """What every division code of this city begins with: four digits, or two where a municipality is the city."""
    code: str = settings.CITYOPS_REGION
    for digits in (2, 4, 6):
        if not code[digits:].strip("0"):
            return code[:digits]
    return code
