"""A session that one call opens and the other one needs."""

SESSION = None


def login(user):
    global SESSION
    SESSION = {"user": user, "token": "t-" + user}
    return "logged in"


def list_files():
    if SESSION is None:
        raise RuntimeError("not logged in")
    return ["a.txt", SESSION["user"]]


EXPECTED = "order-dependent"
FAILURE = "timing dependency"
RESOURCES = {"memory:SESSION"}
CALLS = [(login, "ann"), (list_files,)]
