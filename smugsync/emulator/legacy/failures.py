"""Codes of failures and their messages. A failure's HTTP status is 200 nevertheless."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from smugsync.emulator.signin.proof import Refused

INVALID_LOGIN: Final = 1
INVALID_SESSION: Final = 3
INVALID_USER: Final = 4
SYSTEM_ERROR: Final = 5
WRONG_FORMAT: Final = 6
INVALID_ALBUM: Final = 9
ANCIENT_VERSION: Final = 11
INVALID_SORT_METHOD: Final = 12
INVALID_SORT_DIRECTION: Final = 13
EMPTY_SET: Final = 15
INVALID_DATA: Final = 16
INVALID_METHOD: Final = 17
INVALID_API_KEY: Final = 18
DATA_NOT_CHANGED: Final = 21
MISSING_PARAMETER: Final = 22
EXPIRED_TIMESTAMP: Final = 30
INVALID_CONSUMER_KEY: Final = 32
INVALID_NONCE: Final = 33
INVALID_PERMISSIONS: Final = 34
INVALID_SIGNATURE: Final = 35
INVALID_TOKEN: Final = 36
UNSUPPORTED_METHOD: Final = 37
UNSUPPORTED_VERSION: Final = 38
UNAVAILABLE: Final = 98
READ_ONLY: Final = 99

#: 1, 3, 4, 12, 13, 15, 17, 18 and 36 are recorded, the others from documentation and clients.
MESSAGES: Final[Mapping[int, str]] = {
    INVALID_LOGIN: "invalid login",
    INVALID_SESSION: "invalid session",
    INVALID_USER: "invalid user",
    SYSTEM_ERROR: "system error",
    WRONG_FORMAT: "wrong format",
    INVALID_ALBUM: "invalid album",
    ANCIENT_VERSION: "ancient version",
    INVALID_SORT_METHOD: "invalid sort method",
    INVALID_SORT_DIRECTION: "invalid sort direction",
    EMPTY_SET: "empty set",
    INVALID_DATA: "invalid data",
    INVALID_METHOD: "invalid method",
    INVALID_API_KEY: "invalid API key",
    DATA_NOT_CHANGED: "data not changed",
    MISSING_PARAMETER: "missing required parameter",
    EXPIRED_TIMESTAMP: "expired timestamp",
    31: "invalid consumer key",
    INVALID_CONSUMER_KEY: "invalid consumer key",
    INVALID_NONCE: "invalid/used nonce",
    INVALID_PERMISSIONS: "invalid permissions",
    INVALID_SIGNATURE: "invalid signature",
    INVALID_TOKEN: "invalid/expired token",
    UNSUPPORTED_METHOD: "unsupported signature method",
    UNSUPPORTED_VERSION: "unsupported version",
    UNAVAILABLE: "service unavailable",
    READ_ONLY: "read-only mode",
}

#: What the newer API calls the problems of a signature.
_PROBLEMS: Final[Mapping[str, int]] = {
    "consumer_key_unknown": INVALID_CONSUMER_KEY,
    "nonce_used": INVALID_NONCE,
    "parameter_absent": MISSING_PARAMETER,
    "parameter_rejected": INVALID_DATA,
    "permission_denied": INVALID_PERMISSIONS,
    "permission_unknown": INVALID_TOKEN,
    "signature_invalid": INVALID_SIGNATURE,
    "signature_method_rejected": UNSUPPORTED_METHOD,
    "timestamp_refused": EXPIRED_TIMESTAMP,
    "version_rejected": UNSUPPORTED_VERSION,
}


class Failure(Exception):
    """`stat: fail`. `detail` follows the code's message in parentheses, as the service has it."""

    def __init__(self, code: int, detail: str = "", *, message: str = "") -> None:
        self.code = code
        plain = message or MESSAGES.get(code, MESSAGES[SYSTEM_ERROR])
        self.message = f"{plain} ({detail})" if detail else plain
        super().__init__(f"{code}: {self.message}")

    @classmethod
    def of_refusal(cls, refused: Refused) -> Failure:
        """A signature that does not hold; whatever else is wrong with a token is an invalid token."""
        return cls(_PROBLEMS.get(refused.message.removeprefix("oauth_problem="), INVALID_TOKEN))

    @classmethod
    def empty(cls, what: str) -> Failure:
        """Recorded: `empty set - no subcategories found`."""
        return cls(EMPTY_SET, message=f"{MESSAGES[EMPTY_SET]} - no {what} found")
