"""Intake 受理: one door for every source, similar cases, suggested class and department."""
