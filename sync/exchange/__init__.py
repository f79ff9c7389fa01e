"""数据交换: records between tiers by CSP/1. The receiver owns the cursor; the database is the queue.

Nothing outside imports this package but for ``selectors`` (link states, record versions).
"""
