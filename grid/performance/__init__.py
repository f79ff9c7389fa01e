"""Performance 绩效评价: counts, indicators and scores of areas, departments and posts by period (GB/T 30428.4)."""
