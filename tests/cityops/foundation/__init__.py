"""Tests of what every tier shares."""
