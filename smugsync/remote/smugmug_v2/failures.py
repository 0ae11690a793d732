"""What SmugMug's API v2 means when it does not answer what was asked.

Statuses and bodies: SmugMug's documentation (concepts, OAuth FAQ) and replies captured by client
authors. An error is normally JSON, `{"Code":404,"Message":"Not Found"}`; web pages come from
servers in front of the API (an address too long, maintenance, a wrong host) and prove nothing: an
HTML 404 does not mean that an album is gone.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from smugsync.errors import ClockSkew, Garbled, Gone, NotAuthorised, Rejected, SmugsyncError, Transient
from smugsync.remote.dialect import Call, Reply
from smugsync.remote.wire import Fields, excerpt, is_html, parse, retry_after

_SIGN_IN = "run `smugsync auth login`"
_CHECK_KEY = (
    "compare it with the one under Account Settings, API Keys; `smugsync auth status` says where ours is from"
)

#: The `oauth_problem` of a 401 that is about the API key, and what a person can do about it.
KEY_PROBLEMS = {
    "consumer_key_unknown": f"SmugMug does not know this API key; {_CHECK_KEY}",
    "consumer_key_rejected": f"SmugMug has blocked this API key; {_CHECK_KEY}",
    "consumer_key_refused": f"SmugMug has blocked this API key; {_CHECK_KEY}",
}

#: All of them (OAuth problem reporting; SmugMug is known to send nonce_used and parameter_absent, the
#: rest is the convention's list).
PROBLEMS = KEY_PROBLEMS | {
    "parameter_absent": f"SmugMug saw no credentials; {_SIGN_IN}",
    "signature_invalid": f"SmugMug does not accept our signature: a secret is wrong; {_SIGN_IN}",
    "token_rejected": f"SmugMug does not accept the access token (revoked or mistyped); {_SIGN_IN}",
    "token_revoked": f"the access token was revoked; {_SIGN_IN}",
    "token_expired": f"the access token has expired; {_SIGN_IN}",
    "token_used": f"SmugMug does not accept the access token; {_SIGN_IN}",
    "permission_unknown": f"nobody has granted this access yet; {_SIGN_IN}",
    "permission_denied": f"the account's owner has refused access; {_SIGN_IN}",
}

#: A second authorisation cannot widen a grant (SmugMug's OAuth FAQ): it has to be revoked first.
_NARROW = (
    "the grant does not reach far enough: revoke it on SmugMug under Account Settings, Privacy, "
    "Authorized Services, then run `smugsync auth login%s`"
)
TERMS = (
    "the API key lacks v2 access: accept the terms of service at "
    "https://api.smugmug.com/api/developer/accept, then run `smugsync auth status`"
)


def failure(reply: Reply, call: Call) -> SmugsyncError | None:
    """What `reply` means if it is not a success, None if it is."""
    if call.auth.is_media:
        return _media_failure(reply)
    path = urlsplit(call.url).path
    if reply.status == 429 or reply.status >= 500:
        return Transient(f"SmugMug answered {reply.status} to {path}", retry_after(reply.headers))
    if not reply.body.strip():
        return _empty(reply, call.method, path)
    if is_html(reply):
        return _web_page(reply, path)
    try:
        envelope = parse(reply, path)
        return _judge(envelope, reply, call.method, path)
    except Garbled as error:
        return error


def _judge(envelope: Fields, reply: Reply, method: str, path: str) -> SmugsyncError | None:
    """The verdict on a JSON answer. Its own `Code` speaks where the status says 200."""
    code = envelope.whole("Code") or reply.status
    status = code if 200 <= reply.status < 300 else reply.status
    message = envelope.prose("Message")
    if 200 <= status < 300:
        return None if "Response" in envelope else Garbled(f"SmugMug's answer to {path} holds no Response")
    if status in (401, 403) and is_narrow(message):
        return narrow(write=method not in ("GET", "HEAD", "OPTIONS"))
    if status == 401:
        return _unauthorised(message, path)
    if status == 402:
        return NotAuthorised(f"the account's SmugMug plan does not include what {path} asks for")
    if status == 403:
        return _rejected("refuses", status, path, message)
    if status == 404 and code == 404:
        return _missing(path)
    if status == 429 or status >= 500 or status == 408:
        return Transient(f"SmugMug answered {status} to {path}", retry_after(reply.headers))
    return _rejected(f"answered {status} to", status, path, message)


def _unauthorised(message: str, path: str) -> SmugsyncError:
    problem = message.partition("oauth_problem=")[2].partition("&")[0].strip()
    if problem == "nonce_used":
        # Also without any fault of ours: SmugMug's front end repeats requests that run for a minute.
        return Transient("SmugMug has seen this request's nonce before")
    if problem == "timestamp_refused":
        return ClockSkew("SmugMug refuses our time stamp: this computer's clock is wrong")
    if problem in PROBLEMS:
        return NotAuthorised(PROBLEMS[problem])
    if "v2 access" in message:
        return NotAuthorised(TERMS)
    return NotAuthorised(f"SmugMug wants other credentials for {path}; {_SIGN_IN}")


def narrow(*, write: bool) -> NotAuthorised:
    """The grant does not cover what was asked for, which was to `write` or only to read."""
    return NotAuthorised(_NARROW % (" --write" if write else ""))


def is_narrow(message: str) -> bool:
    return "not granted the required permission" in message.lower()


def _missing(path: str) -> SmugsyncError:
    if path.endswith("!largestvideo"):  # the video may well be there; only its rendition is not
        return Rejected("SmugMug offers no downloadable rendition of this video", 404)
    user = path.partition("/api/v2/user/")[2]
    if user and "!" not in user:
        return NotAuthorised("SmugMug knows no account of this name; check `remote.user`")
    return Gone(f"SmugMug no longer has {path}")


def _rejected(verb: str, status: int, path: str, message: str) -> Rejected:
    detail = f" ({excerpt(message.encode())})" if message else ""
    return Rejected(f"SmugMug {verb} {path}{detail}", status)


def _empty(reply: Reply, method: str, path: str) -> SmugsyncError | None:
    if method == "DELETE" and 200 <= reply.status < 300:  # answered by nothing at all now and then
        return None
    if 200 <= reply.status < 300 or reply.status == 408:
        return Transient(f"SmugMug's answer to {path} is empty")
    if reply.status == 401:
        return NotAuthorised(f"SmugMug wants other credentials for {path}; {_SIGN_IN}")
    return Garbled(f"SmugMug answered {reply.status} to {path} without a word")


def _web_page(reply: Reply, path: str) -> SmugsyncError:
    if reply.status == 403:  # seen from SmugMug's Apache when an address is too long
        return Rejected(f"a web server in front of SmugMug refuses {path}", 403)
    return Garbled(f"a web page came in place of {path} (status {reply.status})", excerpt(reply.body))


def _media_failure(reply: Reply) -> SmugsyncError | None:
    """The media host answers plain HTTP. An address goes stale when its album is renamed or its photo
    replaced, so 403 and 404 speak of the address, never of the photo."""
    status = reply.status
    if status in (200, 206):
        if "html" in reply.headers.get("content-type", "").lower():
            return Garbled("the media host sent a web page in place of the file", excerpt(reply.body))
        return None
    if status in (401, 403, 404, 410):
        return Gone(f"the media address answers {status}")
    if status in (408, 425, 429) or status >= 500:
        return Transient(f"the media host answered {status}", retry_after(reply.headers))
    return Rejected(f"the media host answered {status}", status)
