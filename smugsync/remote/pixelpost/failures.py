"""What a Pixelpost site means when it does not answer what was asked.

The application itself answers everything with status 200 and says in its body what is wrong. Other
statuses come from the web server around it, and web pages from a PHP error (`Oops!`, status 200), from
another application at the same address, or from somebody in between: none of them says that a photo is gone.
"""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit

from smugsync.errors import (
    Displaced,
    Garbled,
    Gone,
    NotAuthorised,
    Rejected,
    SessionOver,
    SmugsyncError,
    Transient,
    Unreachable,
)
from smugsync.remote.dialect import Auth, Call, Reply
from smugsync.remote.pixelpost.envelope import Refusal, bare, refusal_of
from smugsync.remote.pixelpost.site import Question, question_of
from smugsync.remote.wire import excerpt, is_markup, retry_after

#: The proof that a question carried is worth nothing; nothing was done (recorded).
_OVER = {
    "bad_token": "the site does not know our token any more",
    "bad_hmac": "the site does not accept our proof: it is not the next one",
    "old_token": "the time of our token has passed",
}
#: Steps that are told their refusals themselves: a window may have ended on the way. See `sign_in`.
_STEPS = frozenset({"auth.token", "auth.refresh"})
#: The service could not, this time: what it says of any exception that has no code of its own.
_PASSING = frozenset({"internal_error", "unknown"})
_GRANT = (
    "the site does not let us read its photos: on its admin page, grant `read` to the API key pair (entity), "
    "and give both of its keys (--public-key, --private-key)"
)
#: What the application says to an address below its own that is no question (recorded), and its page for
#: everything that it did not expect.
_BAD_ADDRESS, _OOPS = b"ERROR: Bad url format", b"<title>Oops!</title>"
#: What PHP itself says where nobody caught it: no memory, no time.
_FATAL = re.compile(rb"(?:Fatal|Parse) error(?:</b>)?:")
#: Questions that a run or a sign-in begins with: who refuses these is no Pixelpost site, or not for us.
_FIRST = frozenset({"auth.request", "photo.count"})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


def failure(reply: Reply, call: Call) -> SmugsyncError | None:
    """What `reply` means if it is not a success, None if it is."""
    if call.auth.is_media:
        return _media_failure(reply)
    host = urlsplit(call.url).hostname or "the site"
    if reply.status != 200:
        return _of_the_web_server(reply, asked_first=question_of(call).method in _FIRST, call=call, host=host)
    asked = question_of(call)
    if not reply.body.strip():
        return Transient(
            f"{host} answers {asked.method} with nothing: PHP breaks down so, and over a title or text "
            f"that is not UTF-8"
        )
    try:
        refusal = refusal_of(reply, f"{asked.method} of {host}")
    except Garbled as error:
        return _misread(reply, asked, call, host) or error
    return None if refusal is None else _refused(refusal, asked, call, host)


def _misread(reply: Reply, asked: Question, call: Call, host: str) -> SmugsyncError | None:
    """What was meant by an answer that is not one object of JSON; None for one that is.

    A PHP that breaks down says so with status 200, so that another try may help.
    """
    body, there = bare(reply).body.strip(), _shown(call.url)
    if body.startswith(_BAD_ADDRESS):
        return Unreachable(
            f"{there} is no address of the site's API: `remote.site_url` has to be that of the site itself, "
            f"without `index.php`, `/admin` or `/api` behind it"
        )
    if _OOPS in body[:1000]:
        # Recorded: on a PHP of today, the published versions do so over every signed question in an address.
        way = "" if call.method == "POST" else '; `remote.site_form = "json"` asks otherwise'
        why = f"{host} breaks down over {asked.method} (its page says `Oops!`; its debug mode says why{way})"
    elif (fatal := _FATAL.search(body, 0, 2000)) is not None:
        why = f"{host} breaks down over {asked.method} ({excerpt(body[fatal.start() :], 100)})"
    elif body.startswith(b"{"):
        if body.endswith(b"}"):
            return None
        why = f"the answer of {host} to {asked.method} breaks off"
    elif is_markup(reply):
        why = (
            f"{there} answers with a web page instead of data: `remote.site_url` may not be that of a "
            f"Pixelpost site, or a captive portal or sign-in page may be in the way"
        )
    else:
        said = excerpt(body, 60)
        why = f"{there} does not answer as a Pixelpost site does ({said}): check `remote.site_url`"
    return Displaced(why)


def _refused(refusal: Refusal, asked: Question, call: Call, host: str) -> SmugsyncError | None:
    code, message = refusal
    if call.auth is Auth.SIGN_IN and asked.method in _STEPS and (code == "bad_data" or code in _OVER):
        return None
    if code in _OVER:
        return SessionOver(_OVER[code], code)
    if code == "unauthorized":
        return NotAuthorised(_GRANT)
    if code in _PASSING or code.lstrip("-").isdigit():  # with its debug mode on, PHP's own numbers
        return Transient(f"{host} could not answer {asked.method} ({message or code})")
    if code == "bad_data" and asked.method == "photo.get":
        return Gone(f"{host} has no photo of this number")
    if code == "bad_method":
        plugin = asked.method.partition(".")[0]
        return Rejected(f"{host} does not know {asked.method}: is its plugin `{plugin}` switched on?")
    return Rejected(f"{host} refuses {asked.method} ({message or code})")


def _of_the_web_server(reply: Reply, *, asked_first: bool, call: Call, host: str) -> SmugsyncError:
    status = reply.status
    if status in (408, 425, 429) or status >= 500:
        return Transient(f"{host} answered {status}", retry_after(reply.headers))
    if status in _REDIRECTS:
        there = _shown(call.url, reply.headers.get("location", ""))
        return Unreachable(
            f"{host} sends us on to {there}: if the site has moved there, set `remote.site_url` to it; else "
            f"a captive portal may be in the way"
        )
    if status == 401:
        return NotAuthorised(
            f"the web server of {host} asks for a password of its own, before Pixelpost is reached"
        )
    if status in (404, 410):
        return Unreachable(f"there is no Pixelpost API at {_shown(call.url)}: check `remote.site_url`")
    if asked_first:
        way = ' (`remote.site_form = "get"` asks without POST)' if call.method == "POST" else ""
        there = _shown(call.url)
        return Unreachable(
            f"the web server of {host} answers {status} to {there}: check `remote.site_url`, or its "
            f"rules{way}"
        )
    return Rejected(f"the web server of {host} answered {status}", status)


def _shown(base: str, target: str = "") -> str:
    """An address without its query and its proof."""
    try:
        parts = urlsplit(urljoin(base, target))
        path = "/".join(one for one in parts.path.split("/") if not one.startswith(("token:", "hmac:")))
        return excerpt(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{path}".encode())
    except ValueError:
        return "an address that makes no sense"


def _media_failure(reply: Reply) -> SmugsyncError | None:
    """Photos are plain files of the web server; a deleted one answers 404 (recorded)."""
    status = reply.status
    if status in (200, 206):
        if "html" in reply.headers.get("content-type", "").lower():
            return Garbled("the site sent a web page in place of the photo", excerpt(reply.body))
        return None
    if status in (401, 403, 404, 410):
        return Gone(f"the photo's address answers {status}")
    if status in (408, 425, 429) or status >= 500:
        return Transient(f"the site answered {status}", retry_after(reply.headers))
    return Rejected(f"the site answered {status}", status)
