"""print gets its stream as an argument."""

import io


def run_code(text):
    out = io.StringIO()
    print(text, file=out)
    return out.getvalue()


CALLS = [(run_code, "a"), (run_code, "b")]
