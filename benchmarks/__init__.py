"""What the product costs, as a ratio to the limit of the machine, measured in the same run (``make bench``)."""
