"""`python -m toolaudit`."""

from toolaudit.cli import main

main()
