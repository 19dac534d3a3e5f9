"""Which frameworks declare tools, and how each runs several calls of one turn."""

from toolaudit.frameworks.load import Described, FrameworkError, described, load, markers, parse
from toolaudit.frameworks.schema import Framework

__all__ = ["Described", "Framework", "FrameworkError", "described", "load", "markers", "parse"]
