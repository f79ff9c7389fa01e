"""What other platforms change here."""
