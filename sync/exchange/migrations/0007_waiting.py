"""Waiting records, erasures, and attempts; parked lines are kept byte for byte."""

import msgspec
from django.db import migrations, models


def keep_children(apps, schema_editor):
    """Pack the child rows of the records that are parked now, before the column gives way."""
    parked = apps.get_model("exchange", "Parked")
    schema_editor.execute("ALTER TABLE sync_parked ADD COLUMN packed bytea NOT NULL DEFAULT ''")
    for one in parked.objects.exclude(children={}).iterator():
        packed = msgspec.msgpack.encode({name: text.encode() for name, text in one.children.items()})
        schema_editor.execute("UPDATE sync_parked SET packed = %s WHERE id = %s", [packed, one.pk])
    schema_editor.execute("ALTER TABLE sync_parked ALTER COLUMN packed DROP DEFAULT")


class Migration(migrations.Migration):

    dependencies = [
        ('exchange', '0006_keys'),
    ]

    operations = [
        migrations.CreateModel(
            name='Blob',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('owner_code', models.CharField(max_length=14, verbose_name='归属节点')),
                ('dataset', models.CharField(max_length=6, verbose_name='数据集')),
                ('block', models.CharField(max_length=20)),
                ('key', models.UUIDField()),
                ('sha256', models.CharField(db_index=True, max_length=64, verbose_name='内容哈希')),
                ('size', models.PositiveIntegerField(verbose_name='大小(字节)')),
                ('have', models.PositiveIntegerField(default=0)),
                ('complete_at', models.DateTimeField(null=True, verbose_name='收齐时间')),
                ('tied_at', models.DateTimeField(null=True)),
            ],
            options={
                'verbose_name': '附件内容',
                'db_table': 'sync_blob',
                'indexes': [models.Index(condition=models.Q(('complete_at', None)), fields=['owner_code'], name='sync_blob_missing')],
                'constraints': [models.UniqueConstraint(fields=('dataset', 'block', 'key'), name='sync_blob_once')],
            },
        ),
        migrations.AddField(
            model_name='comparison',
            name='blobs_missing',
            field=models.PositiveBigIntegerField(db_default=0, default=0, verbose_name='待传附件'),
        ),
        migrations.AddField(
            model_name='link',
            name='batch_records',
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='link',
            name='peer_schemas',
            field=models.JSONField(db_default={}, default=dict),
        ),
        migrations.AddField(
            model_name='link',
            name='slow_until',
            field=models.DateTimeField(null=True, verbose_name='限速至'),
        ),
        migrations.CreateModel(
            name='PushedRecord',
            fields=[
                ('rid', models.UUIDField(primary_key=True, serialize=False)),
                ('rev', models.PositiveBigIntegerField()),
                ('line_sha', models.BinaryField()),
            ],
            options={
                'db_table': 'sync_pushed',
            },
        ),
        migrations.CreateModel(
            name='Attempt',
            fields=[
                ('stream_name', models.CharField(max_length=80, primary_key=True, serialize=False)),
                ('body_sha', models.CharField(max_length=64)),
                ('tries', models.PositiveSmallIntegerField(default=1)),
                ('begun_at', models.DateTimeField(auto_now=True)),
            ],
            options={
                'db_table': 'sync_attempt',
            },
        ),
        migrations.CreateModel(
            name='Erasure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('owner_code', models.CharField(max_length=14, verbose_name='归属节点')),
                ('dataset', models.CharField(max_length=6, verbose_name='数据集')),
                ('rid', models.UUIDField(verbose_name='记录标识')),
                ('reason', models.CharField(blank=True, max_length=300, verbose_name='原因')),
                ('ordered_by', models.CharField(blank=True, max_length=150, verbose_name='操作人')),
                ('ordered_at', models.DateTimeField(auto_now_add=True, verbose_name='擦除时间')),
                ('wiped_batches', models.PositiveIntegerField(default=0, verbose_name='擦除批次')),
                ('confirmed', models.JSONField(default=dict, verbose_name='已确认节点')),
            ],
            options={
                'verbose_name': '隐私擦除',
                'db_table': 'sync_erasure',
                'ordering': ['-ordered_at', '-id'],
            },
        ),
        migrations.RemoveIndex(
            model_name='parked',
            name='sync_parked_waiting',
        ),
        migrations.AddField(
            model_name='parked',
            name='columns',
            field=models.JSONField(db_default=[], default=list),
        ),
        migrations.AddField(
            model_name='parked',
            name='crashes',
            field=models.PositiveSmallIntegerField(db_default=0, default=0, verbose_name='中断次数'),
        ),
        migrations.AddField(
            model_name='parked',
            name='needs_dataset',
            field=models.CharField(blank=True, db_default='', default='', max_length=6),
        ),
        migrations.AddField(
            model_name='parked',
            name='needs_key',
            field=models.CharField(blank=True, db_default='', default='', max_length=200),
        ),
        migrations.AddField(
            model_name='parked',
            name='schema_version',
            field=models.PositiveIntegerField(db_default=1, default=1),
        ),
        migrations.AddField(
            model_name='stream',
            name='waiting_count',
            field=models.PositiveBigIntegerField(db_default=0, default=0, verbose_name='等待前置'),
        ),
        migrations.RunPython(keep_children, migrations.RunPython.noop),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    "ALTER TABLE sync_parked ALTER COLUMN line TYPE bytea USING convert_to(line, 'UTF8');"
                    "ALTER TABLE sync_parked DROP COLUMN children;"
                    "ALTER TABLE sync_parked RENAME COLUMN packed TO children;",
                ),
            ],
            state_operations=[
                migrations.AlterField(
                    model_name='parked',
                    name='children',
                    field=models.BinaryField(default=b''),
                ),
                migrations.AlterField(
                    model_name='parked',
                    name='line',
                    field=models.BinaryField(),
                ),
            ],
        ),
        migrations.AlterField(
            model_name='parked',
            name='state',
            field=models.CharField(choices=[('P', '待处理'), ('W', '等待前置'), ('A', '已入库'), ('S', '已被更新')], default='P', max_length=1, verbose_name='状态'),
        ),
        migrations.AddIndex(
            model_name='parked',
            index=models.Index(condition=models.Q(('state__in', ['P', 'W'])), fields=['dataset', 'rid'], name='sync_parked_pending'),
        ),
        migrations.AddIndex(
            model_name='parked',
            index=models.Index(condition=models.Q(('state', 'W')), fields=['needs_dataset', 'needs_key'], name='sync_parked_needs'),
        ),
        migrations.AddConstraint(
            model_name='erasure',
            constraint=models.UniqueConstraint(fields=('dataset', 'rid'), name='sync_erasure_once'),
        ),
    ]
