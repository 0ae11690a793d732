"""One world for each kind of remote: one emulated account, mirrored by the real engine through that kind."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from smugsync.emulator.settings import Settings, make_login
from smugsync.remote.dialect import Dialect, UploadDialect
from smugsync.remote.gallery import Gallery
from smugsync.remote.hosts import Hosts
from smugsync.remote.pixelpost.dialect import Pixelpost
from smugsync.remote.pixelpost.sign_in import PixelpostToken
from smugsync.remote.session import Manners, Session
from smugsync.remote.signing import OAuth1Signer, Signer
from smugsync.remote.smugmug_legacy.dialect import SmugMugLegacy
from smugsync.remote.smugmug_legacy.sign_in import LegacySession
from smugsync.remote.smugmug_v2.dialect import SmugMugV2
from smugsync.remote.uploads import Uploads
from smugsync.stop import Stop
from tests.sync.world import ORIGIN, UPLOADS, World

Version = Literal["1.2.0", "1.2.1", "1.2.2", "1.3.0"]


@dataclass(frozen=True)
class Kind:
    """One column of the contract. What a remote cannot do is no failure of it, and is shown as such."""

    name: str
    version: Version | None = None
    oauth: bool = False
    uploads: bool = True
    folders: bool = True  #: albums of their own; else all is one
    replaces: bool = True  #: a photo may become another under its key

    @property
    def is_legacy(self) -> bool:
        return self.version is not None


KINDS: Final = (
    Kind("smugmug-v2", oauth=True),
    Kind("smugmug-1.3.0", "1.3.0", oauth=True),
    Kind("smugmug-1.2.2 OAuth", "1.2.2", oauth=True),
    Kind("smugmug-1.2.2", "1.2.2"),
    Kind("smugmug-1.2.1", "1.2.1"),
    Kind("smugmug-1.2.0", "1.2.0"),
    Kind("pixelpost", uploads=False, folders=False, replaces=False),
)


class RemoteWorld(World):
    """`kind` says through what the account is mirrored."""

    def __init__(self, root: Path, kind: Kind, settings: Settings | None = None) -> None:
        super().__init__(root, settings=settings)
        self.kind = kind
        self.forms = False  #: files go inside forms
        self.anonymous = False  #: it has no credentials, where none may be needed
        self.only_whole = True  #: its pictures have to be whole

    def dialect(self) -> Dialect:
        kind = self.kind
        if kind.version is not None:
            session = not kind.oauth
            return SmugMugLegacy(
                kind.version, ORIGIN, upload_url=f"{ORIGIN}/", session=session, forms=self.forms
            )
        if kind.name == "pixelpost":
            return Pixelpost(ORIGIN, only_whole=self.only_whole)
        return SmugMugV2(ORIGIN, upload_url=UPLOADS)

    def signer(self) -> Signer | None:
        kind, keys = self.kind, self.emulator.credentials
        if kind.oauth:
            tokens = (keys.access_token, keys.access_token_secret)
            return OAuth1Signer(keys.api_key, keys.api_secret, *tokens, opens_files=True, clock=self.clock)
        if kind.version is not None:
            login = make_login(self.emulator.settings, self.emulator.account.nickname)
            return LegacySession(kind.version, ORIGIN, keys.api_key, login.email, login.password)
        if self.anonymous:
            return None
        pair = self.emulator.pixelpost.entities.announced
        return PixelpostToken(ORIGIN, pair.public_key, pair.private_key, clock=self.clock, ticks=self.clock)

    def open_gallery(self, session: Session) -> Gallery:
        return Gallery(self.dialect(), session)

    def open_uploads(self, session: Session) -> Uploads | None:
        dialect = self.dialect()
        return Uploads(dialect, session) if isinstance(dialect, UploadDialect) else None

    def _session(self, stop: Stop) -> Session:
        manners = Manners(clock=self.clock, ticks=self.clock, random=lambda: 0.5, sleep=self._pass_time)
        return Session(self.emulator.transport(), Hosts([ORIGIN]), self.signer(), stop, manners=manners)

    @property
    def questions(self) -> str:
        """Faults strike questions by this route."""
        return "/services/*" if self.kind.is_legacy else "/api/*"

    def sha256s(self) -> list[str]:
        """Of every visible file, sorted."""
        found = (path for path in self.path.rglob("*") if path.is_file() and ".smugsync" not in path.parts)
        return sorted(hashlib.sha256(path.read_bytes()).hexdigest() for path in found)
