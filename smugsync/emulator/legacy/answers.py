"""How an answer is written: JSON, serialised PHP, the elements of REST, or XML-RPC.

Of calls, only JSON was ever recorded. The others say the same in the forms that the upload host has.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from xml.sax.saxutils import escape, quoteattr
from xmlrpc.client import Fault, dumps

from smugsync.emulator.api.encodings import serialize_php
from smugsync.emulator.legacy.arguments import Arguments
from smugsync.emulator.messages import Request, Response

_CALLBACK: Final = re.compile(r"[A-Za-z_$][\w$.\[\]]{0,99}")
_PLURALS: Final = {"Categories": "Category", "SubCategories": "SubCategory"}
#: Beyond it, XML-RPC has no whole numbers.
_INTEGERS: Final = range(-(2**31), 2**31)


@dataclass(frozen=True, slots=True)
class Form:
    """`kind` is `json`, `rest`, `php` or `xmlrpc`; `json_type` is the media type of JSON."""

    kind: str
    json_type: str
    pretty: bool = False
    callback: str = ""
    associative: bool = False

    @classmethod
    def of(cls, kind: str, arguments: Arguments, json_type: str) -> Form:
        """As the arguments of a call have it; those of them that the version does not know are not given."""
        callback = arguments.text("Callback")
        return cls(
            kind,
            json_type,
            arguments.text("Pretty").lower() in ("1", "true"),
            callback if _CALLBACK.fullmatch(callback) else "",
            arguments.text("Associative").lower() in ("1", "true"),
        )

    def write(self, body: Mapping[str, Any]) -> Response:
        """An answer with `stat`, `method` and the rest. The status is always 200."""
        if self.kind == "rest":
            return _response("text/xml", _rest(body).encode("utf-8", "replace"))
        if self.kind == "xmlrpc":
            return _response("text/xml", _xml_rpc(body).encode("utf-8", "replace"))
        shown = _keyed(body) if self.associative else body
        if self.kind == "php":
            return _response("text/plain", self._called(serialize_php(shown)))
        indent, separators = (4, (",", ": ")) if self.pretty else (None, (",", ":"))
        text = json.dumps(shown, ensure_ascii=False, indent=indent, separators=separators)
        return _response(self.json_type, self._called(text.encode("utf-8", "replace")))

    def _called(self, text: bytes) -> bytes:
        """As what a function is given, if one was named: in JSON and in PHP (documented)."""
        return b"%s(%s)" % (self.callback.encode(), text) if self.callback else text


def packed(request: Request, response: Response) -> Response:
    """With its body in gzip, if the client takes that (two clients)."""
    wishes = request.headers.get("accept-encoding", "").lower().replace(" ", "").split(",")
    taken = any(wish == "gzip" or (wish.startswith("gzip;q=") and wish[7:].strip("0.")) for wish in wishes)
    if not taken or not isinstance(response.body, bytes):
        return response
    headers = (*response.headers, ("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding"))
    return replace(response, headers=headers, body=gzip.compress(response.body, 5, mtime=0))


def _response(kind: str, text: bytes) -> Response:
    return Response(200, (("Content-Type", f"{kind}; charset=utf-8"),), text)


def _keyed(value: Any) -> Any:
    """Lists of structures by the text of their ids. No answer of this kind was seen: it is a guess."""
    match value:
        case Mapping():
            return {name: _keyed(item) for name, item in value.items()}
        case [{"id": _}, *_]:
            return {str(item["id"]): _keyed(item) for item in value}
    return value


def _xml_rpc(body: Mapping[str, Any]) -> str:
    """A structure, or a fault with the failure's code."""
    if body["stat"] == "fail":
        return dumps(Fault(body["code"], _clean(body["message"])), methodresponse=True)
    return dumps((_fitting(body),), methodresponse=True, allow_none=True)


def _fitting(value: Any) -> Any:
    """With what XML-RPC cannot say as text."""
    match value:
        case Mapping():
            return {name: _fitting(item) for name, item in value.items()}
        case list():
            return [_fitting(item) for item in value]
        case str():
            return _clean(value)
        case int() if value not in _INTEGERS:
            return str(value)
    return value


def _rest(body: Mapping[str, Any]) -> str:
    """`<rsp stat="ok"><method>…</method>…</rsp>`: what is no structure is an attribute of its element, as
    the upload host writes its images; a failure is an element `err`."""
    method = f"<method>{escape(body['method'])}</method>" if "method" in body else ""
    if body["stat"] == "fail":
        inside = f'<err code="{body["code"]}" msg={quoteattr(body["message"])}/>'
    else:
        others = {name: value for name, value in body.items() if name not in ("stat", "method")}
        inside = "".join(_element(name, value) for name, value in others.items())
    return f'<?xml version="1.0" encoding="utf-8"?>\n<rsp stat="{body["stat"]}">{method}{inside}</rsp>'


def _element(name: str, value: Any) -> str:
    match value:
        case Mapping():
            plain = {k: v for k, v in value.items() if not isinstance(v, (Mapping, list))}
            parts = "".join(_element(k, v) for k, v in value.items() if k not in plain)
            attributes = "".join(f" {k}={quoteattr(_plain(v))}" for k, v in plain.items())
            return f"<{name}{attributes}>{parts}</{name}>" if parts else f"<{name}{attributes}/>"
        case list():
            one = _PLURALS.get(name, name.removesuffix("s"))
            return f"<{name}>{''.join(_element(one, item) for item in value)}</{name}>"
    return f"<{name}>{escape(_plain(value))}</{name}>"


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    return "" if value is None else _clean(str(value))


def _clean(text: str) -> str:
    """Without what XML cannot hold."""
    return re.sub("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", text)
