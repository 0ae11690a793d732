"""What a request says and how an answer is written: JSON, XML, and the query of the get codec.

Every answer has status 200 and says `text/html`, whatever it is (recorded).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal
from urllib.parse import unquote_plus
from xml.parsers import expat

from smugsync.emulator.messages import Response, read_json
from smugsync.emulator.pixelpost.php import Value, write_json

Format = Literal["json", "xml"]
HTML: Final = "text/html; charset=UTF-8"
_DEEPEST: Final = 64
_NEEDS_CDATA: Final = re.compile(r"[&<>\r\n]")

#: Recorded: what a fatal error of PHP looks like from outside.
OOPS: Final = """\
<!DOCTYPE html>
<html>
\t<head>
\t\t<title>Oops!</title>
\t\t<meta charset="utf-8">
\t</head>
\t<body lang="en">
\t\t<h1>Oops!</h1>
\t\t<p>
\t\t\tIt looks like we're experiencing a few problems with our website.
\t\t\tIf you are the site owner, please enable debug mode in your
\t\t\tconfiguration to learn more about the problem.
\t\t</p>
\t\t<p>
\t\t\tOtherwise, please hang in there, we'll be up and running as soon as possible.
\t\t</p>
\t\t<p>
\t\t\t<em>The Pixelpost team.</em>
\t\t</p>
\t</body>
</html>
"""


class Failed(Exception):
    """The request is answered with an error of the API."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Oops(Exception):
    """The application breaks down over the request."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request: `request` is None where it has none, `token` and `hmac` are empty where they are missing.

    `is_object` tells whether `request` is what PHP calls an object: an empty array in JSON is not.
    """

    method: str
    request: Value
    token: str = field(default="", repr=False)
    hmac: str = field(default="", repr=False)
    is_object: bool = True

    @property
    def is_signed(self) -> bool:
        """Without any one of the three it counts as anonymous."""
        return bool(self.token and self.hmac) and self.request is not None


def read_json_call(body: bytes) -> Call:
    """Raises Failed."""
    if not body:
        raise _no_request()
    try:
        value = read_json(body)
    except ValueError:
        raise Failed("bad_encoding", "The JSON request seems invalid format.") from None
    if not isinstance(value, dict):
        raise Failed("bad_encoding", "The JSON request seems invalid format.")
    return _call(value)


def read_xml_call(body: bytes) -> Call:
    """Elements of one name in a row are a list. Raises Failed."""
    if not body:
        raise _no_request()
    try:
        value = _Reader().read(body)
    except (expat.ExpatError, ValueError):
        raise Failed("bad_encoding", "The XML request seems invalid format.") from None
    call = _call(value if isinstance(value, dict) else {})
    return replace(call, request={}, is_object=True) if call.request == "" else call  # an empty element


def read_get_call(method: str, parts: list[str], request: Value) -> Call:
    """`parts` are the `key:value` of the path: they stand beside `method`. Raises Failed."""
    beside: dict[str, Value] = {}
    for part in parts:
        key, colon, value = part.partition(":")
        if colon:
            beside[unquote_plus(key)] = unquote_plus(value)
    return _call({**beside, "method": unquote_plus(method), "request": request})


def _no_request() -> Failed:
    return Failed("no_request", "Your request is empty.")


def _call(value: Mapping[str, Value]) -> Call:
    method = value.get("method")
    if method is None:
        raise Failed("no_method", "The request need to provide a 'method' property")
    if not isinstance(method, str) or not method.strip():
        raise Failed("empty_method", "The 'method' property of the request is empty")
    request = value.get("request")
    token, hmac = (text if isinstance(text := value.get(name), str) else "" for name in ("token", "hmac"))
    return Call(method, request, token, hmac, is_object=isinstance(request, dict))


# -- answers ---------------------------------------------------------------------------------------------


def respond(answer: Mapping[str, Value], form: Format, *, digits: bool) -> Response:
    """`digits`: lists in XML are written with their numbers as elements, as they really are."""
    text = write_json(answer) if form == "json" else write_xml(answer, digits=digits)
    return page(text)


def failure(error: Failed) -> dict[str, Value]:
    return {"status": "error", "code": error.code, "message": error.message}


def break_down(how: str) -> Response:
    """A failure without a cause: the page (`oops`), or one of the codes that a client may try again after."""
    messages = {"internal_error": "can't work on the photo.", "unknown": "Unknown error."}
    if how not in messages:
        return page(OOPS)
    return respond(failure(Failed(how, messages[how])), "json", digits=True)


def page(text: str) -> Response:
    return Response(200, (("Content-Type", HTML),), text.encode("utf-8", "replace"))


def write_xml(answer: Mapping[str, Value], *, digits: bool) -> str:
    inside = "".join(_element(name, value, digits=digits) for name, value in answer.items())
    return f'<?xml version="1.0" encoding="UTF-8" standalone="yes" ?><xml>{inside}</xml>'


def _element(name: str, value: Value, *, digits: bool) -> str:
    if isinstance(value, list):
        if not digits:
            return "".join(_element(name, one, digits=digits) for one in value)
        value = {str(number): one for number, one in enumerate(value)}
    if isinstance(value, dict):
        inside = "".join(_element(key, one, digits=digits) for key, one in value.items())
    else:
        inside = _text(value)
    return f"<{name}>{inside}</{name}>"


def _text(value: Value) -> str:
    if value is None:
        return ""
    text = str(int(value)) if isinstance(value, bool) else str(value)
    if not _NEEDS_CDATA.search(text):
        return text
    return f"<![CDATA[{text.replace(']]>', ']]]]><![CDATA[>')}]]>"


# -- XML requests ----------------------------------------------------------------------------------------


class _Reader:
    """Elements as values: texts, dicts, and lists for what is repeated. Attributes do not count."""

    def __init__(self) -> None:
        self._open: list[tuple[dict[str, Any], list[str]]] = [({}, [])]
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._say
        self._parser.StartDoctypeDeclHandler = self._refuse

    def read(self, body: bytes) -> Value:
        """What is in the outermost element, whatever its name. Raises ExpatError, ValueError."""
        self._parser.Parse(body, True)
        return next(iter(self._open[0][0].values()))

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        if len(self._open) > _DEEPEST:
            raise ValueError("the XML is nested too deep")
        self._open.append(({}, []))

    def _end(self, name: str) -> None:
        children, texts = self._open.pop()
        value: Value = children or "".join(texts)
        above = self._open[-1][0]
        if name not in above:
            above[name] = value
        elif isinstance(above[name], list):
            above[name].append(value)
        else:
            above[name] = [above[name], value]

    def _say(self, text: str) -> None:
        self._open[-1][1].append(text)

    def _refuse(self, *declared: object) -> None:
        raise ValueError("the XML declares entities")
