"""What a session carries about its sign-in: names of session values."""

BEGAN = "cityops_began"
"""When the sign-in was, in seconds since 1970."""
SEEN = "cityops_seen"
"""When the person last did something, in seconds since 1970."""
MARK = "cityops_mark"
"""The person's ``session_mark`` at the sign-in; another one ends the session."""
