"""Management commands of the grid."""
