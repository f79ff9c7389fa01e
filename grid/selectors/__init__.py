"""Questions a screen, a report or a peer asks of the grid."""
