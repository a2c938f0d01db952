"""Sanic's routing, for routes that are strict about slashes at the end."""

from typing import Any

from sanic.router import Router

#: What every route is added with. Each method reaches the gate, those that nobody has heard of too, so that one place
#: decides which are allowed and what 404 and 405 look like.
METHOD = "GET"


class StrictRouter(Router):
    """Looks once.

    Sanic's own looks again for each slash at the end of a path that it does not find, and takes the whole path apart
    each time: some kilobytes of slashes keep the process busy for seconds. Here what is not found is not there.
    """

    def resolve(
        self,
        path: str,
        *,
        method: str | None = None,
        orig: str | None = None,
        extra: dict[str, str] | None = None,
    ) -> Any:
        """The route of a path, whatever the method; `orig` is the path with a slash more, where that was not found."""
        if orig is not None:
            raise self.exception("Path not found", path=path)
        return super().resolve(path, method=METHOD, extra=extra)
