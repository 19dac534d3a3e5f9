"""Turns the source of a module into code whose shared accesses ask a hook first."""
