"""Questions of the desks."""
