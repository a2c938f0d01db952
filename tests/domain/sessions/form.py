"""A login form, filled in."""

from tests.domain.house import House

PASSWORD = "correct horse battery"


def log_in(house: House, username: str, password: str = PASSWORD, **changes: str) -> str:
    """The token of the session that begins."""
    token, _ = house.logins.log_in(
        username,
        password,
        network_address=changes.get("network_address", "192.0.2.1"),
        previous_token=changes.get("previous_token", ""),
        remembered=changes.get("remembered", ""),
    )
    return token
