"""What Sanic refuses by itself, in the words of the one table of refusals."""

from sanic.exceptions import PayloadTooLarge, RequestCancelled, SanicException

from facade.errors import Refusal
from facade.route import ANY_BODY, Route
from facade.shedding import BUSY


def as_refusal(error: BaseException, route: Route | None) -> BaseException:
    """The refusal that `error` is; the error itself where it is none, and something went wrong here."""
    if isinstance(error, RequestCancelled):
        # RFC 9112 §8: it ended in the middle, or nobody waits for the answer; nothing here went wrong.
        return Refusal("REQUEST_CANCELLED", "The connection ended.").saying("connection_ended")
    if isinstance(error, PayloadTooLarge):
        return Refusal((route.body if route else ANY_BODY).too_large, "The request is too large.")
    if isinstance(error, SanicException) and error.status_code == 404:
        return Refusal("UNKNOWN_ADDRESS", "There is nothing here.")
    if isinstance(error, SanicException) and error.status_code == 503:
        return BUSY
    if isinstance(error, SanicException) and 400 <= error.status_code < 500:
        return Refusal("INVALID_REQUEST", "The request is malformed.").saying("request_malformed")
    return error
