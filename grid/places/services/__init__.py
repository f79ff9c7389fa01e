"""Changes of places: by hand, by import, in a simulated city; reports of matched addresses."""
