"""Places are imported too."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Add a kind of import."""

    dependencies = [("grid", "0006_inventory")]

    operations = [
        migrations.AlterField(
            "importrun",
            "kind",
            models.CharField(
                choices=[
                    ("grids", "单元网格"),
                    ("components", "管理部件"),
                    ("matters", "市扩展分类"),
                    ("cases", "历史案件"),
                    ("places", "地点"),
                ],
                max_length=12,
                verbose_name="类别",
            ),
        ),
    ]
