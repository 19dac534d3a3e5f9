"""Runs the calls of one batch, exactly one at a time, and switches only where the schedule says so."""
