"""Desks 工作台: one screen per post, saved views, presence, exports in the background."""
