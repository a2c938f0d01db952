"""The pages that a login may be shown for, each of which opens its own sealed value alone."""

from dataclasses import dataclass
from typing import Protocol

from tokenhouse.v1 import back_to_pb2

from core.domain.account.page import AccountPage
from core.domain.administration.operators import Operators
from core.domain.authorization.endpoint import AuthorizationEndpoint
from core.domain.grants.device_consent import DeviceConsent
from core.domain.upstream.login import BackTo


class Sealed(Protocol):
    """A message with what a login form carries: one of them, the others empty."""

    @property
    def sealed_request(self) -> str:
        """Of an authorization request."""
        ...

    @property
    def sealed_device_page(self) -> str:
        """Of the page for devices."""
        ...

    @property
    def sealed_account_page(self) -> str:
        """Of the user's own page."""
        ...

    @property
    def sealed_console(self) -> str:
        """Of the operators' console."""
        ...

    @property
    def browser_binding(self) -> bytes:
        """The browser it was sealed for."""
        ...


#: Where a login leads back to, as the facade is told.
WRITTEN_BACK_TO = {
    BackTo.AUTHORIZE: back_to_pb2.BACK_TO_AUTHORIZE,
    BackTo.DEVICE: back_to_pb2.BACK_TO_DEVICE,
    BackTo.CONSOLE: back_to_pb2.BACK_TO_CONSOLE,
    BackTo.ACCOUNT: back_to_pb2.BACK_TO_ACCOUNT,
}


@dataclass(frozen=True, slots=True)
class SignInPages:
    """All of them."""

    endpoint: AuthorizationEndpoint
    devices: DeviceConsent
    account: AccountPage
    operators: Operators

    def open(self, form: Sealed) -> tuple[BackTo, tuple[tuple[str, str], ...]]:
        """Where a login leads back to, and with what.

        Raises:
            OAuthError: it has expired, is another browser's, or is good no longer.
        """
        binding = form.browser_binding
        if form.sealed_console:
            return BackTo.CONSOLE, self.operators.parameters_after_login(form.sealed_console, binding)
        if form.sealed_device_page:
            return BackTo.DEVICE, self.devices.parameters_after_login(form.sealed_device_page, binding)
        if form.sealed_account_page:
            return BackTo.ACCOUNT, self.account.parameters_after_login(form.sealed_account_page, binding)
        return BackTo.AUTHORIZE, self.endpoint.parameters_after_login(form.sealed_request, binding)

    def wants_login(self, form: Sealed) -> bool:
        """Whether a client wants whoever is signed in to sign in anew (OpenID Connect Core §3.1.2.1)."""
        return bool(form.sealed_request) and self.endpoint.wants_login(form.sealed_request, form.browser_binding)
