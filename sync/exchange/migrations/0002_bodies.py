"""Bodies of batches, partitioned by the month of arrival so that old ones are dropped as a whole."""

from django.db import migrations

CREATE = """
CREATE TABLE sync_batch_body (
    batch_id bigint NOT NULL,
    stored_on date NOT NULL DEFAULT CURRENT_DATE,
    body bytea NOT NULL,
    PRIMARY KEY (batch_id, stored_on)
) PARTITION BY RANGE (stored_on);
ALTER TABLE sync_batch_body ALTER COLUMN body SET STORAGE EXTERNAL;
CREATE TABLE sync_batch_body_other PARTITION OF sync_batch_body DEFAULT;
"""


class Migration(migrations.Migration):

    dependencies = [("exchange", "0001_initial")]

    operations = [migrations.RunSQL(CREATE, "DROP TABLE sync_batch_body")]
