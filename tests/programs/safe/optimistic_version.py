"""Check and write under a lock, the work outside."""

import threading

DOC = {"ver": 0, "body": ""}
LOCK = threading.Lock()


def edit(text):
    while True:
        version = DOC["ver"]
        body = DOC["body"]
        new = body + text
        with LOCK:
            if DOC["ver"] == version:
                DOC["body"] = new
                DOC["ver"] = version + 1
                return "ok"


CALLS = [(edit, "x"), (edit, "y")]
