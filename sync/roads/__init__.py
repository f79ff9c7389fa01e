"""其他通道 other roads for the same bytes: bundles for one-way gateways and memory sticks, the front-end database."""
