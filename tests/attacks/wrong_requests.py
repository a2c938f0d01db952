"""Everything that can be wrong with a request to an endpoint for clients, and what it is answered with."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeAlias

from tests.attacks.asking import ENDPOINTS, Asked, as_json, basic, in_url, with_headers, with_method, with_query

Change: TypeAlias = Callable[[Asked], Asked]


@dataclass(frozen=True)
class Reply:
    """What a request gets."""

    status: int
    error: str
    #: Whether the credential is as good afterwards as it was before.
    kept: bool


@dataclass(frozen=True)
class Cell:
    """One request."""

    endpoint: str
    fault: str
    change: Change
    reply: Reply


_PARAMETERS = {
    "redemption": ("grant_type", "code", "client_id", "redirect_uri", "code_verifier"),
    "refresh": ("grant_type", "refresh_token", "client_id"),
    "revocation": ("token", "client_id"),
    "poll": ("grant_type", "device_code", "client_id"),
    "device": ("client_id", "scope"),
}
#: What a good request gets: a code is used up, a refresh token may be used again for a while, a grant has ended.
_GOOD = {"redemption": Reply(200, "", kept=False), "refresh": Reply(200, "", kept=True),
         "revocation": Reply(200, "", kept=False), "poll": Reply(200, "", kept=False),
         "device": Reply(200, "", kept=True)}  # fmt: skip
_MALFORMED = Reply(400, "invalid_request", kept=True)
_NO_METHOD = Reply(405, "invalid_request", kept=True)
_NO_CLIENT = Reply(401, "invalid_client", kept=True)
_NO_GRANT = Reply(400, "invalid_grant", kept=True)
#: The same, and a code in the wrong hands is spent (RFC 9700 §4.5).
_SPENT = Reply(401, "invalid_client", kept=False)
_STOLEN = {"redemption": _SPENT, "refresh": _NO_CLIENT, "revocation": _NO_CLIENT, "poll": _SPENT, "device": _NO_CLIENT}


#: A poll comes to the address of every token request, which reads the form before it knows what is asked for.
_ADDRESSES = tuple(endpoint for endpoint in ENDPOINTS if endpoint != "poll")


def list_cells(other_client: str) -> list[Cell]:
    """The matrix; `other_client` is a client_id that is registered, and not the one that presents its credential."""
    return [*list_form_cells(), *_of_client(other_client), *_of_parameters(), *_of_grant()]


def _everywhere(fault: str, change: Change, reply: Reply) -> Iterator[Cell]:
    return (Cell(endpoint, fault, change, reply) for endpoint in ENDPOINTS)


def _at_each_address(fault: str, change: Change, reply: Reply) -> Iterator[Cell]:
    return (Cell(endpoint, fault, change, reply) for endpoint in _ADDRESSES)


def list_form_cells() -> Iterator[Cell]:
    """Row 13 of the reply table: a POST, a form, nothing in the URL."""
    for method in ("GET", "PUT", "DELETE"):
        yield from _at_each_address(method, with_method(method), _NO_METHOD)
    yield from _at_each_address("as JSON", as_json, _MALFORMED)
    for endpoint in _ADDRESSES:
        # A device may leave everything else out.
        unread = _NO_CLIENT if endpoint == "device" else _MALFORMED
        yield Cell(endpoint, "JSON that says it is a form", _json_as_form, unread)
    yield from _at_each_address("without a media type", lambda asked: replace(asked, headers={}), _MALFORMED)
    for media_type in ("multipart/form-data; boundary=x", "application/x-www-form-urlencoded2"):
        yield from _at_each_address(
            f"as {media_type}", partial(with_headers, headers={"content-type": media_type}), _MALFORMED
        )
    yield from _at_each_address("in the URL", in_url, _MALFORMED)
    yield from _at_each_address("one parameter in the URL too", with_query, _MALFORMED)


def _of_client(other_client: str) -> Iterator[Cell]:
    """Rows 15 and 17: who asks."""
    for endpoint, unknown in _STOLEN.items():
        for fault, change in {
            "client unknown": lambda asked: asked.with_value("client_id", "client_nobody"),
            "client named by its start": lambda asked: asked.with_value("client_id", asked.value("client_id")[:-1]),
            "client of another case": lambda asked: asked.with_value("client_id", asked.value("client_id").upper()),
            "Basic of an unknown client": lambda asked: with_headers(
                asked.without("client_id"), basic("client_nobody")
            ),
        }.items():
            yield Cell(endpoint, fault, change, unknown)
    for fault, change in {
        "Basic in vain": lambda asked: with_headers(asked.without("client_id"), basic(asked.value("client_id"))),
        "a secret in vain": lambda asked: asked.also("client_secret", "made up"),
        "Bearer": lambda asked: with_headers(asked, {"Authorization": f"Bearer {asked.value(asked.secret)}"}),
        "Basic that is none": lambda asked: with_headers(asked, {"Authorization": "Basic ???"}),
    }.items():
        yield from _everywhere(fault, change, _NO_CLIENT)
    for fault, change in {
        "Basic and a secret": lambda asked: with_headers(
            asked.also("client_secret", "made up"), basic(asked.value("client_id"))
        ),
        "Basic of another one": lambda asked: with_headers(asked, basic(other_client)),
    }.items():
        yield from _everywhere(fault, change, _MALFORMED)
    another: Change = lambda asked: asked.with_value("client_id", other_client)  # noqa: E731
    yield Cell("redemption", "another client", another, replace(_NO_GRANT, kept=False))
    yield Cell("poll", "another client", another, replace(_NO_GRANT, kept=False))
    yield Cell("device", "another client", another, Reply(200, "", kept=True))
    yield Cell("refresh", "another client", another, _NO_GRANT)
    yield Cell("revocation", "another client", another, Reply(200, "", kept=True))


def _of_parameters() -> Iterator[Cell]:
    """Rows 6 to 8: none twice, a blank one is none, an unknown one is ignored."""
    for endpoint, names in _PARAMETERS.items():
        for name in names:
            yield Cell(endpoint, f"{name} twice", partial(_again, name=name), _MALFORMED)
            yield Cell(endpoint, f"{name} twice, once blank", partial(Asked.also, name=name, value=""), _MALFORMED)
            missing = _reply_without(endpoint, name)
            yield Cell(endpoint, f"{name} missing", partial(Asked.without, name=name), missing)
            yield Cell(endpoint, f"{name} blank", _saying(name, ""), missing)
        yield Cell(endpoint, "an unknown parameter", lambda asked: asked.also("unknown", "x"), _GOOD[endpoint])
        yield Cell(endpoint, "nothing", lambda asked: asked, _GOOD[endpoint])


def _reply_without(endpoint: str, name: str) -> Reply:
    if name == "client_id":
        # Who names nobody is no other client: rows 15 and 17 spend nothing for that.
        return _NO_CLIENT
    if name == "code_verifier":
        return replace(_NO_GRANT, kept=False)
    return _GOOD[endpoint] if name in ("redirect_uri", "scope") else _MALFORMED


def _of_grant() -> Iterator[Cell]:
    """Rows 14, 17, 20, 21, 26 and 28: what is asked for, and with what."""
    for grant_type in ("password", "implicit", "refresh_token ", "Authorization_Code"):
        for endpoint in ("redemption", "refresh", "poll"):
            unsupported = Reply(400, "unsupported_grant_type", kept=True)
            yield Cell(endpoint, f"grant_type {grant_type!r}", _saying("grant_type", grant_type), unsupported)
    for fault, change in {
        "an unknown credential": lambda asked: asked.with_value(asked.secret, "nonsense"),
        "a credential that was cut": lambda asked: asked.with_value(asked.secret, asked.value(asked.secret)[:-1]),
        "a credential with a space": lambda asked: asked.with_value(asked.secret, asked.value(asked.secret) + " "),
    }.items():
        yield Cell("redemption", fault, change, _NO_GRANT)
        yield Cell("refresh", fault, change, _NO_GRANT)
        yield Cell("poll", fault, change, _NO_GRANT)
        yield Cell("revocation", fault, change, Reply(200, "", kept=True))
    for fault, name, value in (
        ("another verifier", "code_verifier", "x" * 43),
        ("another redirect_uri", "redirect_uri", "http://127.0.0.1:7777/other"),
        ("another port", "redirect_uri", "http://127.0.0.1:7778/callback"),
    ):
        yield Cell("redemption", fault, _saying(name, value), replace(_NO_GRANT, kept=False))
    for endpoint in ("redemption", "refresh", "poll", "device"):
        for resource in ("no uri", "https://a.example/#x", "http://a.example/"):
            no_target = Reply(400, "invalid_target", kept=True)
            yield Cell(endpoint, f"resource {resource!r}", _saying("resource", resource), no_target)
    for scope in ("mcp admin", "MCP", "*"):
        yield Cell("device", f"scope {scope!r}", _saying("scope", scope), Reply(400, "invalid_scope", kept=True))
    yield Cell("refresh", "a wider scope", _saying("scope", "mcp files"), Reply(400, "invalid_scope", kept=True))


def _again(asked: Asked, name: str) -> Asked:
    return asked.also(name, asked.value(name))


def _saying(name: str, value: str) -> Change:
    return partial(Asked.with_value, name=name, value=value)


def _json_as_form(asked: Asked) -> Asked:
    return replace(as_json(asked), headers=asked.headers)
