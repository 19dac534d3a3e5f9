"""The token is an argument."""


def login(user):
    return "t-" + user


def list_files(token):
    return ["a.txt", token]


CALLS = [(login, "ann"), (list_files, "t-ann")]
