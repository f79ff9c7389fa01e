"""Which tier this instance is, which systems it runs, and the nodes it knows. Imports no system; names them only."""
