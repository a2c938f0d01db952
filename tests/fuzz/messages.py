"""Any message of a protobuf type, and bytes that are nearly one."""

from collections.abc import Sequence
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message_factory import GetMessageClass
from hypothesis import strategies as st

#: Text that has broken readers: empty, long, beyond ASCII, control characters, numbers at their borders, encodings.
TEXTS = [
    "",
    "\x00",
    "a" * 3000,
    "\u0315\u0300" * 1000,
    "\ufdfa" * 500,
    "' OR 1=1 --",
    "%00%ff",
    "../../etc/passwd",
    "_" * 32,
    "f" * 32,
    "-1",
    "9" * 40,
    "2027-01-31",
    "0000-00-00",
    "\u0661\u0662",
    "::1%eth0",
    "http://[",
    "https://a:99999999999/",
    "code",
    "S256",
    "none",
    "login none",
    "client_id",
    "redirect_uri",
    "response_type",
    "code_challenge",
    "code_challenge_method",
    "resource",
]
_BYTES = [b"", b"\xff" * 16, b"{}", b"[" * 2000, b'{"redirect_uris": [1]}', b"\x00" * 32]
_BITS = {
    FieldDescriptor.TYPE_INT32: (-(2**31), 2**31 - 1),
    FieldDescriptor.TYPE_INT64: (-(2**63), 2**63 - 1),
    FieldDescriptor.TYPE_UINT32: (0, 2**32 - 1),
    FieldDescriptor.TYPE_UINT64: (0, 2**64 - 1),
}


def messages(kind: Descriptor, words: Sequence[str], blobs: Sequence[bytes]) -> st.SearchStrategy[Any]:
    """Any message of this type; `words` and `blobs` are worth trying as text and bytes."""
    fields = {field.name: _values(field, words, blobs) for field in kind.fields}
    return st.fixed_dictionaries({}, optional=fields).map(lambda values: GetMessageClass(kind)(**values))


def raw_messages(
    kind: Descriptor, words: Sequence[str], blobs: Sequence[bytes], good: Sequence[bytes]
) -> st.SearchStrategy[bytes]:
    """Messages of this type as bytes, good ones with other values in them or a few bytes damaged; and any bytes.

    Of a field that stands twice the last one counts (protobuf's encoding): what is added to a good message replaces.
    """
    whole = messages(kind, words, blobs).map(lambda message: bytes(message.SerializeToString()))
    started = st.sampled_from(good) if good else whole
    replaced = st.builds(lambda first, then: first + then, started, whole)
    damaged = st.builds(_damaged, started, st.integers(0, 2**16), st.binary(max_size=4))
    return whole | replaced | damaged | st.binary(max_size=64)


def _damaged(raw: bytes, place: int, other: bytes) -> bytes:
    place %= len(raw) + 1
    return raw[:place] + other + raw[place + len(other) // 2 :]


def _values(field: FieldDescriptor, words: Sequence[str], blobs: Sequence[bytes]) -> st.SearchStrategy[Any]:
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        key, value = (_value(each, words, blobs) for each in field.message_type.fields)
        return st.dictionaries(key, value, max_size=4)
    one = _value(field, words, blobs)
    return st.lists(one, max_size=4) if field.is_repeated else one


def _value(field: FieldDescriptor, words: Sequence[str], blobs: Sequence[bytes]) -> st.SearchStrategy[Any]:
    match field.type:
        case FieldDescriptor.TYPE_MESSAGE:
            assert field.message_type is not None
            return messages(field.message_type, words, blobs)
        case FieldDescriptor.TYPE_STRING:
            return st.sampled_from([*words, *TEXTS]) | st.text(max_size=40)
        case FieldDescriptor.TYPE_BYTES:
            return st.sampled_from([*blobs, *_BYTES]) | st.binary(max_size=40)
        case FieldDescriptor.TYPE_BOOL:
            return st.booleans()
        case FieldDescriptor.TYPE_ENUM:
            return st.integers(0, 99)
        case _:
            least, most = _BITS[field.type]
            return st.sampled_from([least, 0, 1, most]) | st.integers(least, most)
