"""What APIs of the standard library and of third parties do, as data."""
