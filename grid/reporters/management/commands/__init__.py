"""``manage.py`` commands of reporters."""
