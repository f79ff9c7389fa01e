"""The shape of the repository: layout, contracts, documents that must agree with the code."""
