"""The pages of ours that a login may stand in front of; what each is opened with afterwards, the core has sealed."""

from typing import Final, NamedTuple

from facade import paths


class SealedPage(NamedTuple):
    """One of them."""

    #: As texts and the names of forms have it.
    name: str
    #: Where forms, and the core's messages, have what is sealed.
    field: str
    #: Where its login form goes.
    login_path: str

    @property
    def login_form(self) -> str:
        """The name that the login form's token covers."""
        return f"{self.name} login"


DEVICE_PAGE: Final = SealedPage("device", "sealed_device_page", paths.DEVICE_LOGIN)
ACCOUNT_PAGE: Final = SealedPage("account", "sealed_account_page", paths.ACCOUNT_LOGIN)
CONSOLE_PAGE: Final = SealedPage("console", "sealed_console", paths.CONSOLE_LOGIN)
SEALED_PAGES: Final = (DEVICE_PAGE, ACCOUNT_PAGE, CONSOLE_PAGE)
#: Where the second step's forms have the name of the page that the login stands in front of.
BEFORE: Final = "before"
