"""sys.stdout is replaced to catch what code prints. Depth 1."""

import io
import sys


def run_code(text):
    old = sys.stdout
    sys.stdout = io.StringIO()
    try:
        print(text)
        return sys.stdout.getvalue()
    finally:
        sys.stdout = old


EXPECTED = "racy"
RESOURCES = {"other:stdout"}
CALLS = [(run_code, "a"), (run_code, "b")]
