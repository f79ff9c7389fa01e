"""Reporters 反映人: who reported, kept apart from the case, encrypted, masked, opened only with a reason."""
