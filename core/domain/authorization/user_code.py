"""The code that a person carries from a device to a browser (RFC 8628 §6.1).

Ten letters of an alphabet of ten: one of each group that sounds alike in English (of A, J, K only K; of B, C, D, E, G,
P, T, V, Z only T; …), no two that look alike, and no vowel, so that hardly a word is made of them. There are 10^10
codes, 33.2 bits; RFC 8628's own example has 34.6.

How far guessing gets (RFC 8628 §5.1). Only people who have signed in get to guess. A bucket of 10/15m lets 10 wrong
codes pass at once and one more every 90 s: 10 + 6 = 16 in the 10 minutes that a code lives; one network has ten times
as large a bucket, 100 + 66, and everybody together 1000 + 666.

    one person against one code          16 / 10^10            = 1.6e-9, less than 2^-29
    everybody together against one code  1666 / 10^10          = 1.7e-7, less than 2^-22
    everybody against any code there is  1666 × 7000 / 10^10   = 1.2e-3, with starts at their limit (600/h for one
                                         network, 6000/h in all: 6000 at once and 1000 more in 10 minutes)

Whoever hits one can do no more than put a stranger's device into an account of their own.
"""

from core.domain.randomness import Randomness

ALPHABET = "HKLMQRTWXY"
_LENGTH = 10
_GROUP = 5
#: What people type between letters, or get along when they copy a code.
_BETWEEN = dict.fromkeys(map(ord, " -‐‑‒–—−\t\r\n\u00a0"))
#: Nobody types more; what is longer is not looked at.
_LONGEST = 64


def new_user_code(randomness: Randomness) -> str:
    """A code nobody can foresee; without the dash."""
    # 128 random bits: what is left over makes no letter likelier by more than 2^-94.
    number = int.from_bytes(randomness.token_bytes(16), "big")
    letters = []
    for _ in range(_LENGTH):
        number, letter = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[letter])
    return "".join(letters)


def find_user_code(typed: str) -> str | None:
    """The code that somebody typed, in any case, with or without dashes and spaces; None where it can be none."""
    if len(typed) > _LONGEST:
        return None
    code = typed.translate(_BETWEEN).upper()
    return code if len(code) == _LENGTH and all(letter in ALPHABET for letter in code) else None


def show_user_code(code: str) -> str:
    """The code as people see it: in two groups."""
    return f"{code[:_GROUP]}-{code[_GROUP:]}"
