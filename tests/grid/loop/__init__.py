"""Tests of the loop: workflows, rehearsal, ledgers, the scripted day."""
