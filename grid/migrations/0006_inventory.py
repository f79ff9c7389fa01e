"""History of components, checks against the ground, conversions of codes with the former ones."""

import django.contrib.gis.db.models.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Four new tables; nothing of what is stored changes."""

    dependencies = [
        ('grid', '0005_clock'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='CodeConversion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('from_std', models.CharField(max_length=20, verbose_name='原标准')),
                ('to_std', models.CharField(max_length=20, verbose_name='新标准')),
                ('kinds', models.JSONField(default=list, verbose_name='对象')),
                ('division_code', models.CharField(db_index=True, max_length=12, verbose_name='区划')),
                ('choices', models.JSONField(default=dict, verbose_name='指定对应')),
                ('state', models.CharField(choices=[('running', '进行中'), ('done', '完成'), ('dry_run', '试算'), ('broken', '中断')], default='running', max_length=8, verbose_name='状态')),
                ('started_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='开始')),
                ('ended_at', models.DateTimeField(null=True, verbose_name='结束')),
                ('started_by', models.CharField(max_length=150, verbose_name='操作人')),
                ('totals', models.JSONField(default=dict, verbose_name='合计')),
                ('lines', models.JSONField(default=list, verbose_name='逐类结果')),
            ],
            options={
                'verbose_name': '编码换版批次',
                'verbose_name_plural': '编码换版批次',
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='ComponentChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('division_code', models.CharField(max_length=12, verbose_name='社区代码')),
                ('kind', models.CharField(choices=[('created', '建档'), ('state', '状态变更'), ('fields', '属性变更'), ('moved', '位置变更'), ('code', '编码变更'), ('imported', '导入更新')], max_length=8, verbose_name='变更类别')),
                ('at', models.DateTimeField(verbose_name='时间')),
                ('by_id', models.BigIntegerField(null=True, verbose_name='操作人编号')),
                ('by_name', models.CharField(max_length=150, verbose_name='操作人')),
                ('reason', models.CharField(blank=True, max_length=200, verbose_name='原因')),
                ('case_no', models.CharField(blank=True, max_length=24, verbose_name='案件号')),
                ('run', models.BigIntegerField(null=True, verbose_name='批次')),
                ('before', models.JSONField(null=True, verbose_name='变更前')),
                ('after', models.JSONField(null=True, verbose_name='变更后')),
                ('component', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='changes', to='grid.component', verbose_name='管理部件')),
            ],
            options={
                'verbose_name': '部件变更',
                'verbose_name_plural': '部件变更',
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='ComponentCheck',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('finding', models.CharField(choices=[('differs', '属性不符'), ('missing', '现场没有'), ('unrecorded', '台账没有')], max_length=10, verbose_name='不符情况')),
                ('seen', models.JSONField(blank=True, default=dict, verbose_name='现场所见')),
                ('description', models.CharField(max_length=500, verbose_name='说明')),
                ('case_no', models.CharField(blank=True, db_index=True, max_length=24, verbose_name='来源案件')),
                ('class_code', models.CharField(blank=True, max_length=5, verbose_name='部件分类代码')),
                ('geom', django.contrib.gis.db.models.fields.PointField(spatial_index=False, srid=4490, verbose_name='位置')),
                ('grid_code', models.CharField(blank=True, max_length=15, verbose_name='单元网格')),
                ('division_code', models.CharField(db_index=True, max_length=12, verbose_name='社区代码')),
                ('state', models.CharField(choices=[('open', '待分派'), ('assigned', '核对中'), ('settled', '已核对')], default='open', max_length=8, verbose_name='办理状态')),
                ('raised_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='提出时间')),
                ('due_on', models.DateField(verbose_name='核对期限')),
                ('assigned_at', models.DateTimeField(null=True, verbose_name='分派时间')),
                ('outcome', models.CharField(blank=True, choices=[('corrected', '台账已更正'), ('right', '台账无误'), ('removed', '部件已移除'), ('recorded', '已补录')], max_length=10, verbose_name='核对结果')),
                ('opinion', models.CharField(blank=True, max_length=500, verbose_name='核对意见')),
                ('settled_at', models.DateTimeField(null=True, verbose_name='办结时间')),
                ('assignee', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='核对人')),
                ('component', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='checks', to='grid.component', verbose_name='管理部件')),
                ('raised_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='提出人')),
                ('settled_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='办结人')),
            ],
            options={
                'verbose_name': '部件核对任务',
                'verbose_name_plural': '部件核对任务',
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='CodeAlias',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('component', '管理部件'), ('case', '案件'), ('matter', '事项'), ('class', '分类')], max_length=9, verbose_name='对象')),
                ('class_kind', models.CharField(blank=True, max_length=1, verbose_name='类别')),
                ('subject', models.UUIDField(null=True, verbose_name='记录')),
                ('old', models.CharField(max_length=17, verbose_name='原编码')),
                ('new', models.CharField(max_length=17, verbose_name='新编码')),
                ('std_ref', models.CharField(max_length=20, verbose_name='原标准')),
                ('new_std_ref', models.CharField(max_length=20, verbose_name='新标准')),
                ('former', models.JSONField(default=dict)),
                ('converted_at', models.DateTimeField(verbose_name='换版时间')),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='aliases', to='grid.codeconversion', verbose_name='批次')),
            ],
            options={
                'verbose_name': '曾用编码',
                'verbose_name_plural': '曾用编码',
                'ordering': ['id'],
                'indexes': [models.Index(django.contrib.postgres.indexes.OpClass(models.F('old'), 'varchar_pattern_ops'), models.F('kind'), name='code_alias_old'), models.Index(fields=['new', 'kind'], name='code_alias_new'), models.Index(condition=models.Q(('subject__isnull', False)), fields=['subject'], name='code_alias_subject')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='componentchange',
            trigger=pgtrigger.compiler.Trigger(name='change_append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='91d485d4733fc4b9f2db5961c737dc8f77ca4630', operation='UPDATE OR DELETE', pgid='pgtrigger_change_append_only_6a520', table='grid_componentchange', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='componentchange',
            trigger=pgtrigger.compiler.Trigger(name='change_no_truncate', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'The history of components is append-only.';", hash='54192580c33587ffd3259c0b159625a414183ea1', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_change_no_truncate_8b49d', table='grid_componentchange', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='componentcheck',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'settled'), _negated=True), fields=('component', 'finding'), name='component_check_once'),
        ),
        migrations.AddConstraint(
            model_name='componentcheck',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('settled_at__isnull', False), ('state', 'settled'), models.Q(('outcome', ''), _negated=True)), models.Q(models.Q(('state', 'settled'), _negated=True), ('outcome', '')), _connector='OR'), name='component_check_outcome'),
        ),
    ]
