"""A finding that somebody looked at and accepted, with the reason beside it."""
