"""Questions about duty. Lists are scoped to the person who asks."""
