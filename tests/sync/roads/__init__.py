"""Tests of the other roads."""
