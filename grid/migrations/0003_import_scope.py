"""Who began an import, and for which part of the city."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Add the actor and the scope to the runs; earlier ones were of the whole city."""

    dependencies = [("grid", "0002_case_step_marks")]

    operations = [
        migrations.AddField("importrun", "actor", models.JSONField(default=dict, editable=False)),
        migrations.AddField(
            "importrun", "scope_prefix", models.CharField(blank=True, default="", editable=False, max_length=12)
        ),
    ]
