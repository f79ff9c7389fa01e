#!/usr/bin/env python
"""Command line of one CityOps instance; puts the source root ``platform/`` on the path first.

Without DJANGO_SETTINGS_MODULE it is that of development, which refuses the environment of production.
"""

import os
import sys
from pathlib import Path


def main() -> None:
    """Run a management command."""
    sys.path.insert(0, str(Path(__file__).resolve().parent / "platform"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cityops.settings.development")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
