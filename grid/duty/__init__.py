"""Duty 值守: responsibility grids, shifts, substitutes, patrol plans, and the coverage of unit grids by visits."""
