"""数据交换 · 数据汇聚: ``standard`` (the data standard as data) and ``exchange`` (records between tiers)."""
