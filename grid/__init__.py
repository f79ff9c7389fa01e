"""指挥协调: unit grids, components, matters, cases and the clock they run against (GB/T 30428, GB/T 47678).

Others import: ``models``, ``selectors``; changes only through ``services``.
"""
