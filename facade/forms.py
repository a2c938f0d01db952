"""Form bodies and query strings, strictly: application/x-www-form-urlencoded (RFC 6749 appendix B).

Parsed from the raw bytes by ourselves: frameworks take the first of repeated parameters, drop blank ones and replace
bytes that are not UTF-8, and each of these has let a request through that should have been refused.
"""

from collections.abc import Sequence

from facade.errors import Refusal

Parameters = list[tuple[str, str]]

_MAX_PARAMETERS = 512


def parse_parameters(raw: bytes) -> Parameters:
    """Every name and value in the order sent, decoded. Refuses malformed percent-encoding and UTF-8."""
    if raw.count(b"&") >= _MAX_PARAMETERS:
        raise Refusal("INVALID_REQUEST", "The request has too many parameters.").saying("parameters_many")
    try:
        # Most of it is plain text, and is decoded in one go; what has an escape in it is looked at for itself.
        pairs = [pair.partition("=") for pair in raw.replace(b"+", b" ").decode("utf-8").split("&") if pair]
    except ValueError:
        halves = [pair.partition(b"=") for pair in raw.split(b"&") if pair]
        return [(decode(name), decode(value)) for name, _, value in halves]
    return [(_unescape(name), _unescape(value)) if "%" in name + value else (name, value) for name, _, value in pairs]


def decode(raw: bytes) -> str:
    """One form-encoded name or value as text. Refuses what is not well-formed."""
    try:
        spaced = raw.replace(b"+", b" ")
        return (_decode_percent(spaced) if b"%" in raw else spaced).decode("utf-8")
    except ValueError:
        raise Refusal("INVALID_REQUEST", "A parameter is not well-formed percent-encoded UTF-8.").saying(
            "parameter_malformed"
        ) from None


def _unescape(text: str) -> str:
    return decode(text.encode()) if "%" in text else text


def _decode_percent(raw: bytes) -> bytes:
    """Each %HH as its byte, all in one pass. Raises ValueError: a "%" without two hexadecimal digits."""
    escaped = raw.replace(b"\\", rb"\\").replace(b"%", rb"\x")
    return escaped.decode("unicode_escape").encode("latin-1")


class Form:
    """Parameters of one request, each at most once; an empty value counts as absent (RFC 6749 §3.1, §3.2)."""

    def __init__(self, parameters: Parameters, *, repeatable: Sequence[str] = ()) -> None:
        """Refuses a parameter that is repeated and not in `repeatable`."""
        self._values: dict[str, list[str]] = {}
        for name, value in parameters:
            values = self._values.setdefault(name, [])
            if values and name not in repeatable:
                raise Refusal("INVALID_REQUEST", f"The parameter '{name[:40]}' is repeated.").saying(
                    "parameter_repeated", name=name[:40]
                )
            values.append(value)

    def find(self, name: str) -> str | None:
        """The value, or None where it is absent or empty."""
        return next(iter(self._values.get(name, ())), None) or None

    def require(self, name: str) -> str:
        """The value. Refuses where it is absent or empty."""
        value = self.find(name)
        if value is None:
            raise Refusal("INVALID_REQUEST", f"The parameter '{name}' is missing.").saying(
                "parameter_missing", name=name
            )
        return value

    def find_all(self, name: str) -> list[str]:
        """Every value of a repeatable parameter that is not empty."""
        return [value for value in self._values.get(name, ()) if value]


def parse_form(content_type: str | None, query_string: str, body: bytes, *, repeatable: Sequence[str] = ()) -> Form:
    """The form in a POST body (RFC 6749 §3.2). Refuses another media type and parameters in the URL."""
    if media_type(content_type) != "application/x-www-form-urlencoded":
        raise Refusal("INVALID_REQUEST", "The content type must be application/x-www-form-urlencoded.").saying(
            "form_type"
        )
    if query_string:
        raise Refusal("INVALID_REQUEST", "Parameters go into the body, never into the URL.").saying("form_in_url")
    return Form(parse_parameters(body), repeatable=repeatable)


def media_type(content_type: str | None) -> str:
    """The media type without its parameters, in lower case; empty where there is none (RFC 9110 §8.3)."""
    return (content_type or "").partition(";")[0].strip().lower()
