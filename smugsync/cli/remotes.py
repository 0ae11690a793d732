"""What answers for each kind of remote on the wire: its dialect, its signer, the addresses it is asked at.

The table that goes with `smugsync.config.remotes`. Nobody else asks which kind a remote is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Literal, NamedTuple

from smugsync.config import RemoteConfig
from smugsync.config.remotes import REMOTES, Way
from smugsync.records import dataclass
from smugsync.remote.dialect import Dialect, Reply, UploadDialect
from smugsync.remote.hosts import Hosts
from smugsync.remote.session import Session
from smugsync.remote.sign_in import Permissions
from smugsync.remote.signing import KeySigner, OAuth1Signer, Signer
from smugsync.remote.smugmug_v2.dialect import SmugMugV2
from smugsync.remote.smugmug_v2.viewer import ViewerQuestions
from smugsync.remote.uploads import Uploads
from smugsync.secret import Secret

Version = Literal["1.2.0", "1.2.1", "1.2.2", "1.3.0"]


class Place(NamedTuple):
    """An address that a remote is asked at. `name` is for programs, `role` says to people what for."""

    name: str
    role: str
    url: str


@dataclass(frozen=True, slots=True)
class _Link:
    """One kind. `signers` are those of the ways that it can be gone in, None = nothing is signed.

    `viewer`: where the credentials are to be asked about by themselves, beside `Dialect.account`.
    """

    dialect: Callable[[RemoteConfig], Dialect]
    signers: Mapping[Way, Callable[[RemoteConfig], Signer | None]]
    viewer: Callable[[RemoteConfig], ViewerQuestions] | None = None
    login_url: Callable[[RemoteConfig], str] | None = None  #: where sessions are begun
    permissions: Callable[[Reply], Permissions | None] | None = (
        None  #: what the account's answer says of them
    )


_PLACES: Final[Mapping[str, tuple[str, str]]] = {
    "api_url": ("api", "API"),
    "upload_url": ("upload", "uploads"),
    "oauth_url": ("oauth", "sign-in"),
    "site_url": ("site", "site"),
}


def dialect_of(remote: RemoteConfig) -> Dialect:
    """Its language: what to ask, and what the answers say."""
    return _LINKS[remote.kind].dialect(remote)


def uploads_of(dialect: Dialect, session: Session) -> Uploads | None:
    """What takes files there, None where nothing does."""
    return Uploads(dialect, session) if isinstance(dialect, UploadDialect) else None


def signer_of(remote: RemoteConfig) -> Signer | None:
    """What proves who we are, as far as the configuration can; None where nothing has to be proven."""
    return _LINKS[remote.kind].signers[remote.way](remote)


def viewer_of(remote: RemoteConfig) -> ViewerQuestions | None:
    """What asks about the credentials themselves, where there is more to learn than whose they are."""
    make = _LINKS[remote.kind].viewer
    return None if make is None else make(remote)


def permissions_in(remote: RemoteConfig, reply: Reply) -> Permissions | None:
    """What was granted, by the answer about the account; None where it does not say. Raises Garbled."""
    read = _LINKS[remote.kind].permissions
    return None if read is None or remote.way is not Way.OAUTH else read(reply)


def places_of(remote: RemoteConfig) -> tuple[Place, ...]:
    """Where it is asked, the one first without which nothing goes."""
    found = tuple(Place(*_PLACES[key], getattr(remote, key)) for key in remote.remote.places)
    login = _LINKS[remote.kind].login_url
    return found if login is None else (*found, Place("login", "sign-in", login(remote)))


def hosts_of(remote: RemoteConfig) -> Hosts:
    """Who may be asked, and who may see the credentials. Raises ConfigError."""
    return Hosts(
        [place.url for place in places_of(remote)],
        media_hosts=remote.media_hosts,
        allow_http=remote.allow_http,
    )


# -- the links: what most people never need is loaded by those who do -------------------------------------


def _v2(remote: RemoteConfig) -> Dialect:
    return SmugMugV2(remote.api_url, user=remote.user or "", upload_url=remote.upload_url)


def _oauth(remote: RemoteConfig, *, opens_files: bool = False) -> Signer:
    """The key alone as long as nobody has signed in: there are commands that ask nothing."""
    if not (remote.api_secret and remote.access_token and remote.access_token_secret):
        return _key(remote)
    return OAuth1Signer(
        remote.api_key.reveal(),
        remote.api_secret.reveal(),
        remote.access_token.reveal(),
        remote.access_token_secret.reveal(),
        opens_files=opens_files,
    )


def _key(remote: RemoteConfig) -> Signer:
    return KeySigner(remote.api_key.reveal())


def _legacy(version: Version) -> _Link:
    """1.2.0 to 1.2.2 have sessions, also for the key alone; 1.2.2 and 1.3.0 take what v2 takes."""
    has_sessions = Way.PASSWORD in REMOTES[f"smugmug-{version}"].ways

    def dialect(remote: RemoteConfig) -> Dialect:
        from smugsync.remote.smugmug_legacy.dialect import SmugMugLegacy  # noqa: PLC0415 - see above

        return SmugMugLegacy(
            version,
            remote.api_url,
            upload_url=remote.upload_url,
            user=remote.user or "",
            session=has_sessions and remote.way is not Way.OAUTH,
            forms=remote.upload_form == "base64",
            site_password=_shown(remote.site_password),
            album_passwords={one.album: one.password.reveal() for one in remote.album_passwords},
        )

    def session(remote: RemoteConfig) -> Signer:
        from smugsync.remote.smugmug_legacy.sign_in import LegacySession  # noqa: PLC0415 - see above

        email, password = _shown(remote.email), _shown(remote.password)
        return LegacySession(version, remote.api_url, remote.api_key.reveal(), email, password)

    def oauth(remote: RemoteConfig) -> Signer:
        return _oauth(remote, opens_files=True)

    def login_url(remote: RemoteConfig) -> str:
        from smugsync.remote.smugmug_legacy.versions import VERSIONS, login_origin  # noqa: PLC0415 - see above

        return login_origin(VERSIONS[version], remote.api_url)

    def permissions(reply: Reply) -> Permissions | None:
        from smugsync.remote.smugmug_legacy.grants import read_permissions  # noqa: PLC0415 - see above

        return read_permissions(reply)

    signers = {Way.OAUTH: oauth, Way.PASSWORD: session, Way.KEY: session if has_sessions else _key}
    return _Link(dialect, signers, login_url=login_url if has_sessions else None, permissions=permissions)


def _pixelpost(remote: RemoteConfig) -> Dialect:
    from smugsync.remote.pixelpost.dialect import Pixelpost  # noqa: PLC0415 - see above

    only_whole = remote.site_pictures == "whole"
    return Pixelpost(remote.site_url, form=remote.site_form, api=remote.site_api, only_whole=only_whole)


def _pair(remote: RemoteConfig) -> Signer:
    from smugsync.remote.pixelpost.sign_in import PixelpostToken  # noqa: PLC0415 - see above

    return PixelpostToken(
        remote.site_url,
        _shown(remote.public_key),
        _shown(remote.private_key),
        form=remote.site_form,
        api=remote.site_api,
    )


def _nobody(remote: RemoteConfig) -> None:
    """The site shows to everybody what it grants to nobody in particular."""
    del remote


def _shown(secret: Secret | None) -> str:
    return "" if secret is None else secret.reveal()


_LINKS: Final[Mapping[str, _Link]] = {
    "smugmug-v2": _Link(
        _v2,
        {Way.OAUTH: _oauth, Way.KEY: _key},
        viewer=lambda remote: ViewerQuestions(remote.api_url),
    ),
    "smugmug-1.3.0": _legacy("1.3.0"),
    "smugmug-1.2.2": _legacy("1.2.2"),
    "smugmug-1.2.1": _legacy("1.2.1"),
    "smugmug-1.2.0": _legacy("1.2.0"),
    "pixelpost": _Link(_pixelpost, {Way.PAIR: _pair, Way.NOBODY: _nobody}),
}
