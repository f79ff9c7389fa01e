"""Questions about places: from a text to a point and back, names, reports of matched addresses."""
