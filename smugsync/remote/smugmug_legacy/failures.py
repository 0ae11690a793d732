"""What the older API means when it does not answer what was asked.

A failure comes with status 200 as `{"stat": "fail", "code": 3, "message": "invalid session"}`; every other
status is trouble on the way. Codes 1, 3, 4, 12, 13, 15, 17, 18 and 36 were recorded, 15, 16, 21, 22 and 98
are documented, the others are what clients know. None of them says that an album or a photo is gone: 4 and 9
may as well mean a password, a key or a typing mistake, and 15 is an empty list.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from smugsync.errors import (
    ClockSkew,
    Garbled,
    NotAuthorised,
    Rejected,
    SessionOver,
    SmugsyncError,
    Transient,
)
from smugsync.remote.dialect import Auth, Call, Reply
from smugsync.remote.smugmug_legacy.calls import LOGIN, LOGIN_AGAIN, LOGOUT, Endpoint, method_of
from smugsync.remote.smugmug_legacy.envelope import (
    EMPTY_SET,
    NO_METHOD,
    SESSION_OVER,
    UNCHANGED,
    answer,
)
from smugsync.remote.smugmug_legacy.folders import ALBUMS, CATEGORIES, SUBCATEGORIES, TREE
from smugsync.remote.smugmug_v2 import failures as v2
from smugsync.remote.wire import Fields, excerpt, is_markup, retry_after

_KEY = "SmugMug does not know this API key; check `remote.api_key`"
_LOGIN = (
    "SmugMug does not accept this e-mail address and password; check `remote.email` and `remote.password`"
)
_OURS = "this is a mistake in smugsync; please report it"

#: The person has to do something about the account or our credentials.
_FOR_PEOPLE = {
    1: _LOGIN,
    18: _KEY,
    31: _KEY,
    32: _KEY,
    34: "the access token has too little access: it needs Full access, and to upload, Modify permission; "
    "run `smugsync auth login`",
    35: v2.PROBLEMS["signature_invalid"],
    36: v2.PROBLEMS["token_rejected"],
}
#: It will not be done, and trying again is no help.
_REFUSED = {
    6: "SmugMug does not take files of this format",
    9: "SmugMug does not know this album (code 9), which does not say that it is deleted",
    11: "SmugMug does not serve this version of its API any more; set `remote.kind` to a newer one",
    12: f"SmugMug does not know this order; {_OURS}",
    13: f"SmugMug does not know this order; {_OURS}",
    15: "SmugMug finds nothing where it was asked for one thing, and not for a list",
    16: "SmugMug does not accept what was asked",
    17: "SmugMug does not have what was asked for in this version of its API",
    22: f"SmugMug misses something in what was asked; {_OURS}",
    37: f"SmugMug does not know this kind of signature; {_OURS}",
    38: f"SmugMug does not know this kind of signature; {_OURS}",
}
#: It was not done, and may be later.
_FOR_NOW = {
    5: "SmugMug had an error of its own",
    33: "SmugMug has seen this request's nonce before",
    98: "SmugMug is not available for the time being",
    99: "SmugMug is in read-only mode for the time being",
}
_LOCKED = (
    "SmugMug does not let us in: the album's password is missing or wrong; see `remote.album_passwords`, and "
    "`remote.site_password` for the whole site"
)
_NO_USER = (
    "SmugMug knows no account of this name, or its site has a password; check `remote.user` and "
    "`remote.site_password`"
)
_ABOUT_ALBUMS = frozenset({"smugmug.albums.getInfo", "smugmug.images.get", "smugmug.images.getInfo"})
#: What may be empty (code 15): every other question is about something that is there.
_LISTS = frozenset({ALBUMS, CATEGORIES, SUBCATEGORIES, TREE, "smugmug.images.get"})
#: What says that a hash is not taken, or not that way of signing in: the password may be.
_NO_HASH = frozenset({1, 4, 16, 17, 22})
#: What some services have no more, and what can be done without.
_DISPENSABLE = frozenset({CATEGORIES, SUBCATEGORIES})


def failure(reply: Reply, call: Call, endpoint: Endpoint) -> SmugsyncError | None:
    """What the answer to a question means if it is no success, None if it is."""
    if call.auth.is_media:
        return v2.failure(reply, call)  # the same hosts as ever
    path = urlsplit(call.url).path
    method = method_of(call)
    if reply.status == 429 or reply.status >= 500:
        return Transient(f"SmugMug answered {reply.status} to {path}", retry_after(reply.headers))
    if not reply.body.strip() or is_markup(reply):
        return v2.failure(reply, call)
    try:
        envelope = answer(reply, method or path)
        stat = envelope.text("stat")
        if stat == "fail":
            return verdict(envelope, method, endpoint, call.auth)
    except Garbled as error:
        return error
    if not 200 <= reply.status < 300:
        return _by_status(reply, path)
    return None if stat == "ok" else Garbled(f"SmugMug's answer to {method or path} says neither ok nor fail")


def verdict(
    envelope: Fields, method: str, endpoint: Endpoint, auth: Auth = Auth.ACCOUNT
) -> SmugsyncError | None:
    """What a fault code means; None for what is no fault. Raises Garbled for one that is no number."""
    code, message = envelope.whole("code"), envelope.prose("message")
    if code == UNCHANGED or (code == EMPTY_SET and method in _LISTS):
        return None
    if code == NO_METHOD and method in _DISPENSABLE:
        return None
    if (code in _NO_HASH and method == LOGIN_AGAIN) or (code == SESSION_OVER and method == LOGOUT):
        return None  # the signer goes on from there
    if code == SESSION_OVER:
        return _without_session(endpoint, auth, method)
    if code == 4:
        return _nobody(method, message)
    if code == 30:
        return ClockSkew("SmugMug refuses our time stamp: this computer's clock is wrong")
    if code == 1 and not endpoint.sessions:  # nobody has given an e-mail address here
        return NotAuthorised(v2.PROBLEMS["token_rejected"])
    if code in _FOR_PEOPLE:
        return NotAuthorised(_FOR_PEOPLE[code])
    if code in _FOR_NOW:
        return Transient(with_words(_FOR_NOW[code], message))
    reason = "without saying why" if code is None else f"(code {code})"
    sentence = _REFUSED.get(code or 0, f"SmugMug refuses {method or 'an upload'} {reason}")
    return Rejected(with_words(sentence, message), code)


def with_words(sentence: str, words: str) -> str:
    return f"{sentence} (it says: {excerpt(words.encode())})" if words else sentence


def _without_session(endpoint: Endpoint, auth: Auth, method: str) -> SmugsyncError:
    of_one = method in _ABOUT_ALBUMS
    if endpoint.sessions and auth is not Auth.SIGN_IN:
        words = "SmugMug does not accept this session for what was asked"
        return SessionOver(words, SESSION_OVER, of_one=of_one)
    if of_one:
        return Rejected("SmugMug shows this to its owner alone, and does not take us for that", SESSION_OVER)
    return NotAuthorised("SmugMug shows this to its owner alone; sign in as the owner")


def _nobody(method: str, message: str) -> SmugsyncError:
    if method in _ABOUT_ALBUMS:
        return Rejected(with_words(_LOCKED, message), 4)
    if method == LOGIN:
        return NotAuthorised(_LOGIN)
    return NotAuthorised(with_words(_NO_USER, message))


def _by_status(reply: Reply, path: str) -> SmugsyncError:
    if reply.status in (401, 402, 403):
        return NotAuthorised(f"SmugMug wants other credentials for {path} (status {reply.status})")
    if reply.status == 408:
        return Transient(f"SmugMug answered {reply.status} to {path}", retry_after(reply.headers))
    return Rejected(f"SmugMug answered {reply.status} to {path}", reply.status)
