"""What runs in worker processes, or in this one: bytes in, bytes out, so that any executor can carry it."""

from __future__ import annotations

import msgspec

from toolaudit.project.guard import RefusedError
from toolaudit.project.slices import Extracted, Slice

_slices = msgspec.msgpack.Decoder(list[Slice])
_outcomes = msgspec.msgpack.Decoder(list[msgspec.Raw])
_encoder = msgspec.msgpack.Encoder()


def pack(pieces: list[Slice]) -> bytes:
    return _encoder.encode(pieces)


def unpack(outcomes: bytes) -> list[msgspec.Raw]:
    """One encoded `Extracted` a slice, in order."""
    return _outcomes.decode(outcomes)


def extract_batch(batch: bytes) -> bytes:
    """`pack`ed slices → what `unpack` reads."""
    return _encoder.encode([_outcome(piece) for piece in _slices.decode(batch)])


def _outcome(piece: Slice) -> msgspec.Raw:
    from toolaudit.project.extract import extract  # libcst, late

    try:
        return msgspec.Raw(_encoder.encode(Extracted(extract(piece))))
    except RefusedError as error:
        return msgspec.Raw(_encoder.encode(Extracted(None, error.reason)))
    except RecursionError:
        return msgspec.Raw(_encoder.encode(Extracted(None, "is nested too deeply")))
