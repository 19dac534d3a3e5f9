"""The path is used as it is."""

import os


def prepare():
    for name in ("d1", "d2"):
        os.mkdir(name)
        open(os.path.join(name, "in_" + name), "w").close()


def list_dir(name):
    return sorted(os.listdir(name))


CALLS = [(list_dir, "d1"), (list_dir, "d2")]
