"""How a Pixelpost site is asked: one question, as JSON over POST or in an address, and read back from both.

The service has three codecs. `json` takes `{"method": …, "request": {…}}`, whatever Content-Type it comes
with; `get` takes PHP's array syntax in a query, where every value is text, and extra parts of the path
`key:value` beside the method (recorded). `xml` is not used: its requests fail on every published version,
and its answers are not well-formed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NamedTuple
from urllib.parse import quote, unquote, unquote_plus, urlsplit

from smugsync.errors import ConfigError
from smugsync.records import dataclass
from smugsync.remote.dialect import Auth, Call

Form = Literal["json", "get"]

#: What a request consists of, as JSON has it. Order counts: the hmac is made over it.
Value = str | int | bool | None | Sequence["Value"] | Mapping[str, "Value"]
Request = Mapping[str, Value]

#: Bytes an answer may have: it may be the whole list, of 120,000 photos with some words to each.
_MOST = 64 * 1024 * 1024
_JSON = ("Content-Type", "application/json")
_PORTS = {"http": 80, "https": 443}
#: `name[key][]`: a name, and the keys in it.
_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_KEY = re.compile(r"\[([^\[\]]*)\]")
#: Parts of a path that stand beside the method.
_BESIDE = ("token:", "hmac:")


class Question(NamedTuple):
    """A method, and what is asked of it."""

    method: str
    request: Request


@dataclass(frozen=True, slots=True)
class Site:
    """A site. `url` is its root without a slash at the end; `api` the word its API goes by (its own
    configuration may name another)."""

    url: str
    form: Form = "json"
    api: str = "api"

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    def ask(self, method: str, request: Request, auth: Auth = Auth.ACCOUNT) -> Call:
        """A question. None of them changes anything but the token's own state: all may be asked again.

        A request without members would leave an address without a query, and a call without a request
        counts as one without a token (recorded); so something is said that no method knows.
        """
        if self.form == "get":
            query = "&".join(_pairs(request)) or "all=1"
            return Call("GET", f"{self.url}/{self.api}/get/{method}/json/?{query}", auth=auth, most=_MOST)
        body = json.dumps({"method": method, "request": request}).encode()
        return Call("POST", f"{self.url}/{self.api}/json/", (_JSON,), body, auth, most=_MOST)


def site_at(url: str, form: Form = "json", api: str = "api") -> Site:
    """The site at `url`, written as all ways to write it come to. Raises ConfigError."""
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    host = parts.hostname or ""
    if parts.scheme not in _PORTS or not host or not host.isprintable():
        raise ConfigError(f"{url!r} is not the web address of a site.")
    if parts.username or parts.password:
        raise ConfigError(
            "the site's address holds a user name or a password, which would be sent to anyone."
        )
    shown = f"[{host}]" if ":" in host else host
    place = shown if port in (None, _PORTS[parts.scheme]) else f"{shown}:{port}"
    path = quote(unquote(parts.path), safe="/~!$&'()*+,;=:@").rstrip("/")
    return Site(f"{parts.scheme}://{place}{path}", form, api.strip("/"))


def question_of(call: Call, url: str = "") -> Question:
    """What `call` asks, with the values as the service reads them; `url` is where a redirect has led it."""
    if isinstance(call.body, bytes):
        asked = json.loads(call.body)
        return Question(str(asked["method"]), asked["request"])
    address, _, query = (url or call.url).partition("?")
    parts = [part for part in address.rstrip("/").split("/") if not part.startswith(_BESIDE)]
    return Question(unquote(parts[-2]), read_query(query))


def carrying(call: Call, url: str, *, token: str, hmac: str) -> tuple[str, bytes | None]:
    """The address and the body of `call` with its proof beside the method."""
    if isinstance(call.body, bytes):
        return url, json.dumps(json.loads(call.body) | {"token": token, "hmac": hmac}).encode()
    address, _, query = url.partition("?")
    parts = [part for part in address.rstrip("/").split("/") if not part.startswith(_BESIDE)]
    return "/".join([*parts, f"token:{token}", f"hmac:{hmac}", ""]) + f"?{query}", None


def asking(call: Call, url: str, request: Request) -> tuple[str, bytes | None]:
    """The address and the body of `call` with another request in it."""
    if isinstance(call.body, bytes):
        return url, json.dumps(json.loads(call.body) | {"request": request}).encode()
    return f"{url.partition('?')[0]}?{'&'.join(_pairs(request))}", None


def read_query(query: str) -> dict[str, Value]:
    """A query as PHP reads it: nested names become arrays, whose keys are text; `[]` is the next number."""
    found: dict[str, Value] = {}
    for pair in filter(None, query.split("&")):
        name, _, value = pair.partition("=")
        match = _NAME.fullmatch(unquote_plus(name))
        if match is None:
            continue
        at, keys = found, [match[1], *_KEY.findall(match[2])]
        for key in keys[:-1]:
            inner = at.get(key or str(len(at)))
            if not isinstance(inner, dict):
                at[key or str(len(at))] = inner = {}
            at = inner
        at[keys[-1] or str(len(at))] = unquote_plus(value)
    return found


def _pairs(value: Value, name: str = "") -> Iterator[str]:
    """`name=value` for every text in it; `+` would be read as a blank, so it is sent as `%2B` (recorded)."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _pairs(inner, f"{name}[{quote(key, safe='')}]" if name else quote(key, safe=""))
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for inner in value:
            yield from _pairs(inner, f"{name}[]")
    else:
        text = str(int(value)) if isinstance(value, bool) else "" if value is None else str(value)
        yield f"{name}={quote(text, safe=':')}"
