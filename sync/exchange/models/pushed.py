"""Records that third parties handed in, by the version that they gave them."""

from django.db import models


class PushedRecord(models.Model):
    """第三方报送: the last version of a record as its sender numbered it, so that the same one comes in once."""

    rid = models.UUIDField(primary_key=True)
    rev = models.PositiveBigIntegerField()
    line_sha = models.BinaryField()
    """SHA-256 of the line as it came."""

    class Meta:
        db_table = "sync_pushed"
