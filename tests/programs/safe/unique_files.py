"""A file for each call, named by uuid and dated: what differs from run to run is no race."""

import datetime
import json
import random
import time
import uuid
from pathlib import Path


def save(text):
    path = Path(f"{uuid.uuid4()}.json")
    path.write_text(json.dumps({"at": datetime.datetime.now().isoformat(), "t": time.time(), "r": random.random(), "text": text}))
    return path.name


CALLS = [(save, "x"), (save, "y")]
