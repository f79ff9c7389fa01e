"""The PostgreSQL extensions everything else stands on; first of all, so that a test database has them too."""

from django.contrib.postgres.operations import BtreeGistExtension, CreateExtension, TrigramExtension
from django.db import migrations


class Migration(migrations.Migration):
    """PostGIS, trigrams, and B-tree operators for GiST."""

    run_before = [("regions", "0001_initial")]
    operations = [CreateExtension("postgis"), TrigramExtension(), BtreeGistExtension()]
