"""The administration's way to the same methods: `/admin/api/bridge/json/` with the cookies of a web login.

Nothing is signed there, and everything may be done. The get codec does not work (recorded).
"""

from __future__ import annotations

import base64
import binascii
import hmac
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Final, TypeVar
from urllib.parse import quote, unquote

from smugsync.emulator.messages import Request, Response
from smugsync.emulator.pixelpost.chance import Fresh
from smugsync.emulator.pixelpost.envelope import HTML, page
from smugsync.emulator.pixelpost.signing import digest

PREFIX: Final = "/admin/api/bridge"
LOGIN: Final = "/admin/auth-login"
#: How long a login lasts, and how long the answer to a form is good, in seconds.
LASTS: Final = 4 * 3600
_WINDOW: Final = 150
#: Forms and logins that are remembered.
_MOST: Final = 100
_FORM: Final = """\
<!DOCTYPE html>
<html>
\t<head><title>Pixelpost</title><meta charset="utf-8"></head>
\t<body>
\t\t<form method="post" action="{action}">
\t\t\t<input type="text" name="user"><input type="password" id="password">
\t\t\t<input type="hidden" name="priv" value="{priv}"><input type="hidden" name="key">
\t\t\t<input type="submit">
\t\t</form>
\t\t<p>{remark}</p>
\t</body>
</html>
"""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Account:
    """Who may log in to the administration."""

    user: str
    password: str = field(repr=False)


class Bridge:
    """`clock` gives epoch seconds."""

    def __init__(self, account: Account, *, clock: Callable[[], float], fresh: Fresh) -> None:
        self.account = account
        self._clock = clock
        self._fresh = fresh
        self._forms: dict[str, None] = {}
        self._logins: dict[str, float] = {}  #: until when, by key

    def open(self, key: str = "") -> str:
        """Log in without a form; the `Cookie` header for it. `key` is 32 hex digits, made up if empty."""
        key = key or self._fresh("key")
        self._logins = {**_last(self._logins), key: self._clock() + LASTS}
        shown = {"PPU": self.account.user, "PPK": key}
        return "; ".join(f"{name}={_cookie(value)}" for name, value in shown.items())

    def admits(self, request: Request) -> bool:
        """Whether the cookies are those of a login that has not ended."""
        try:
            cookies = SimpleCookie(request.headers.get("cookie", ""))
        except CookieError:
            return False
        user, key = (_read(cookies[name].value) if name in cookies else "" for name in ("PPU", "PPK"))
        return user == self.account.user and self._logins.get(key, 0) > self._clock()

    def log_in(self, request: Request, admin_url: str) -> Response:
        """The form, and what it leads to. The password itself is never sent."""
        if request.method != "POST":
            return self._form(admin_url)
        given = dict(request.form)
        user, priv, key = (given.get(name, "") for name in ("user", "priv", "key"))
        known = priv in self._forms
        self._forms.pop(priv, None)
        window = math.ceil(int(self._clock()) / _WINDOW) * _WINDOW
        password = digest(digest(self.account.password), admin_url, "auth-login")
        expected = digest(priv, digest(self.account.user, password), str(window))
        right = hmac.compare_digest(key.encode("utf-8", "replace"), expected.encode())
        if not known or user != self.account.user or not right:
            return self._form(admin_url, "The user or the password is wrong.")
        # Recorded: of a site at the root of its server, the path begins with two slashes.
        rest = "; path=//admin/; HttpOnly"
        cookies = (("Set-Cookie", f"{pair}{rest}") for pair in self.open().split("; "))
        return Response(302, (("Location", admin_url), ("Content-Type", HTML), *cookies))

    def _form(self, admin_url: str, remark: str = "") -> Response:
        priv = self._fresh("form")
        self._forms = {**_last(self._forms), priv: None}
        return page(_FORM.format(action=f"{admin_url}auth-login", priv=priv, remark=remark))


def _last(known: dict[str, _T]) -> dict[str, _T]:
    return dict(list(known.items())[1 - _MOST :])


def _cookie(text: str) -> str:
    return quote(base64.b64encode(text.encode()).decode(), safe="")


def _read(value: str) -> str:
    try:
        return base64.b64decode(unquote(value), validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""
