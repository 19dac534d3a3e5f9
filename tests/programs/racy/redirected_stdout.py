"""contextlib.redirect_stdout is the same swap, inside the standard library. Depth 1."""

import contextlib
import io


def run_code(text):
    caught = io.StringIO()
    with contextlib.redirect_stdout(caught):
        print(text)
    return caught.getvalue()


EXPECTED = "racy"
RESOURCES = {"other:stdout"}
CALLS = [(run_code, "a"), (run_code, "b")]
