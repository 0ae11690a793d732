"""Whose account it is, as far as our credentials show it: asked of any remote."""

from __future__ import annotations

from collections.abc import Mapping

from smugsync.cli.remotes import dialect_of, permissions_in, viewer_of
from smugsync.config import RemoteConfig
from smugsync.records import dataclass
from smugsync.remote.session import Session
from smugsync.remote.sign_in import Access, Permissions
from smugsync.remote.smugmug_v2.viewer import Viewer


@dataclass(frozen=True, slots=True)
class Seen:
    """An account as these credentials see it. `url` is its site, `root` what the mirror's marker knows it by.

    None in `access`, `permissions` (what was granted) and `size` (photos): the service does not say.
    """

    nickname: str
    name: str
    url: str
    root: str
    access: Access | None = None
    permissions: Permissions | None = None
    size: int | None = None

    def as_viewer(self) -> Viewer:
        """What SmugMug's API v2 calls it."""
        return Viewer(self.nickname, self.name, self.url, self.root, self.access or "Public")


def look(remote: RemoteConfig, session: Session) -> tuple[Seen, Mapping[str, str]]:
    """Ask, and also give the head of the answer, where it says something about us.

    Raises what `Session.ask` raises.
    """
    questions = viewer_of(remote)
    if questions is not None:
        reply = session.ask(questions.viewer(remote.user or ""), questions)
        viewer = questions.read_viewer(reply)
        return Seen(viewer.nickname, viewer.name, viewer.url, viewer.root, viewer.access), reply.headers
    dialect = dialect_of(remote)
    reply = session.ask(dialect.account(), dialect)
    account = dialect.read_account(reply)
    access: Access | None = "Full" if account.whole else None
    if account.whole is False or (account.whole is None and remote.anonymous):
        access = "Public"
    url = remote.site_url  # a site of its own is where it is asked
    granted = permissions_in(remote, reply)
    return Seen(account.nickname, account.name, url, account.root, access, granted, account.size), {}
