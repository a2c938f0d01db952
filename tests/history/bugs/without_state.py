"""A redemption that does not ask whether the code was redeemed: `AND state = 'pending'` is missing."""

from core.__main__ import main
from core.store.sqlite import grants

_CONDITION = " AND state = 'pending'"
assert _CONDITION in grants._REDEEM
grants._REDEEM = grants._REDEEM.replace(_CONDITION, "")

if __name__ == "__main__":
    main()
