"""The documents that leave toolaudit, the gate, and every way to show them."""
