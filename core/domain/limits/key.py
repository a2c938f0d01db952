"""What names a bucket of tries."""

import hashlib
from typing import Self


class LimitKey(bytes):
    """16 bytes, and what operators see of them: what is tried, whose tries they are, and from where.

    The bytes are a hash, so that whatever was typed as a name can be counted without being kept.
    """

    kind: str
    #: A subject or a client_id; empty where there is none, or no user of that name.
    account: str
    network: str

    @classmethod
    def of(cls, kind: str, *, account: str = "", network: str = "", shown_account: str | None = None) -> Self:
        """The key; `shown_account` is told in the place of an account that nobody may see."""
        joined = "\0".join((kind, *(part for part in (account, network) if part)))
        key = cls(hashlib.sha256(joined.encode("utf-8", "surrogatepass")).digest()[:16])
        key.kind, key.network = kind, network
        key.account = account if shown_account is None else shown_account
        return key

    @classmethod
    def of_browser(cls, kind: str, subject: str, browser_id: bytes) -> Self:
        """The key of one browser's tries for the account of a user, whose they are to operators."""
        return cls.of(kind, account=f"{subject}\0{browser_id.hex()}", shown_account=subject)
