"""行政区划 divisions and their boundaries, valid through time (GB/T 2260, GB/T 10114; dataset JC01).

Others import: ``models.Division``, ``rules`` (codes, levels, prefixes), ``selectors``.
"""
