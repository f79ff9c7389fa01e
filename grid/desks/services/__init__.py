"""What people do at the desks."""
