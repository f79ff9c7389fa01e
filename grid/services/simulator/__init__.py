"""A city that behaves: ground, components and cases of a simulated city, past in bulk and present through services."""
