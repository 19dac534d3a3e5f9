"""One call waits busily for a flag that another one sets; the operating system would let both run."""

READY = {"flag": False}


def publish():
    READY["flag"] = True
    return "ok"


def consume():
    while not READY["flag"]:
        pass
    return "seen"


CALLS = [(publish,), (consume,)]
