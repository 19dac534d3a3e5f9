"""Which frameworks declare tools, and how each runs several calls of one turn."""

from toolaudit.frameworks.load import FrameworkError, load, markers, parse
from toolaudit.frameworks.schema import Framework

__all__ = ["Framework", "FrameworkError", "load", "markers", "parse"]
