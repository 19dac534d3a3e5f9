"""Each order creates its customer if there is none, in one step."""

CUSTOMERS, ORDERS = {}, []


def create_order(cid, item):
    CUSTOMERS.setdefault(cid, {"name": cid})
    ORDERS.append((cid, item))
    return "ok"


CALLS = [(create_order, "c1", "pen"), (create_order, "c1", "ink")]
