"""An order needs the customer that another call of the batch creates."""

CUSTOMERS, ORDERS = {}, []


def create_customer(cid, name):
    CUSTOMERS[cid] = {"name": name}
    return {"id": cid}


def create_order(cid, item):
    if cid not in CUSTOMERS:
        return {"error": f"no customer {cid}"}
    ORDERS.append((cid, item))
    return {"order": len(ORDERS)}


EXPECTED = "order-dependent"
FAILURE = "timing dependency"
RESOURCES = {"memory:CUSTOMERS[c1]"}
CALLS = [(create_customer, "c1", "Ann"), (create_order, "c1", "pen")]
