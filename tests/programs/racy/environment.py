"""os.environ saved, changed and restored. Depth 2."""

import os


def run_with_region(region):
    old = os.environ.get("REGION")
    os.environ["REGION"] = region
    try:
        return "called " + os.environ["REGION"]
    finally:
        if old is None:
            os.environ.pop("REGION", None)
        else:
            os.environ["REGION"] = old


EXPECTED = "racy"
RESOURCES = {"env:REGION"}
CALLS = [(run_with_region, "eu"), (run_with_region, "us")]
