"""Which requests are for the older APIs, and how faults and counters call them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

from smugsync.emulator.legacy.arguments import Arguments
from smugsync.emulator.messages import Request

#: The service's hosts for calls; a client may have signed any of them.
HOSTS: Final = ("api.smugmug.com", "secure.smugmug.com", "upload.smugmug.com")

_CALL: Final = re.compile(r"/(?:services/api|hack)/(json|rest|php|xmlrpc)(?:/(\d+\.\d+\.\d+))?/?\Z")
#: The one takes the bytes themselves, the other a form.
RAW_ADDRESS: Final = "/photos/xmlrawadd.mg"
FORM_ADDRESS: Final = "/photos/xmladd.mg"
_TARGETS: Final = ("x-smug-albumid", "x-smug-imageid", "x-smug-sessionid")
_NOT_UPLOADS: Final = ("/api/", "/services/", "/hack/", "/_emulator")


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a call went: the form of its answer (`json`, `rest`, `php`, `xmlrpc`), and a version."""

    kind: str
    version: str


def read_slot(request: Request) -> Slot | None:
    """None for what is no call. The version is "" where the address has none."""
    found = _CALL.match(request.path)
    return Slot(found[1], found[2] or "") if found else None


def is_call(request: Request) -> bool:
    return read_slot(request) is not None


def is_upload(request: Request) -> bool:
    """Whether it is an upload of the older kind: by its address, or by headers that only those have."""
    if request.method not in ("POST", "PUT"):
        return False
    if request.path in (RAW_ADDRESS, FORM_ADDRESS):
        return True
    if request.path.startswith(_NOT_UPLOADS) or "x-smug-albumuri" in request.headers:
        return False
    return any(name in request.headers for name in _TARGETS)


def named(request: Request) -> Request:
    """The request as faults and counters see it: a call has its method at the end of its path, an upload
    is below `/upload/` whatever its address."""
    slot = read_slot(request)
    if slot is not None:
        method = Arguments.of(request).text("method")
        path = request.path.rstrip("/") + "/" + (method if re.fullmatch(r"[\w.]{1,60}", method) else "")
        return replace(request, path=path)
    if is_upload(request) and not request.path.startswith("/upload/"):
        return replace(request, path="/upload/" + request.path.rpartition("/")[2])
    return request
