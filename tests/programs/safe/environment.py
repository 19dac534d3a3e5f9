"""A copy of the environment for each call."""

import os


def run_with_region(region):
    env = dict(os.environ)
    env["REGION"] = region
    return "called " + env["REGION"]


CALLS = [(run_with_region, "eu"), (run_with_region, "us")]
