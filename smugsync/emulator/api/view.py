"""Who looks at the account, and what that person may see of it.

The rules (facts 7, recorded password album): the owner sees everything; others see public albums in
lists, unlisted ones only by their key, private ones never; of a password album they see that it exists.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

from smugsync.emulator.account.account import Account
from smugsync.emulator.account.content import Content, File
from smugsync.emulator.account.model import Image, Node
from smugsync.emulator.media.scaling import Scaler
from smugsync.emulator.switches import Access, Permissions, Switches


@dataclass(frozen=True, slots=True)
class View:
    """The account as `user` (a nickname; None is nobody in particular) sees it through an application.

    `caller` stands for the application and the user together: what a password opened to them.
    `origin` is where this server's media addresses start; with `media_url`, originals below `library` are
    at that address plus their path. `access` and `permissions` are what the user granted the application.
    `scaler` makes smaller pictures, if there is one.
    """

    account: Account
    user: str | None
    origin: str
    media_url: str | None = None
    library: Path | None = None
    access: Access = "Full"
    permissions: Permissions = "Modify"
    switches: Switches = field(default_factory=Switches)
    caller: str = ""
    scaler: Scaler | None = None
    host: str = ""  #: the name the request was sent to
    #: Files that were not hashed, because it takes long; None where they are hashed at once.
    unhashed: list[File] | None = None

    def md5(self, content: Content) -> str | None:
        """That of the content; "" if it was put down as `unhashed`, None if the file is gone and nobody
        ever hashed it."""
        if self.unhashed is not None and isinstance(content, File) and not content.is_hashed:
            self.unhashed.append(content)
            return ""
        try:
            return content.md5
        except OSError:
            return None

    def may(self, needed: Permissions) -> bool:
        """Whether the user let the application do what takes that level."""
        levels = get_args(Permissions)
        return levels.index(self.permissions) >= levels.index(needed)

    def is_mine(self, node: Node) -> bool:
        """Whether it belongs to the user, whatever the application may see of it."""
        return self.user is not None and node.owner == self.user

    def owns(self, node: Node) -> bool:
        """Whether it is shown as to its owner: access to the public part alone shows what all see."""
        return self.access == "Full" and self.is_mine(node)

    def sees(self, node: Node) -> bool:
        """Whether it exists for this viewer, given its key."""
        return self.owns(node) or node.effective_privacy != "Private"

    def lists(self, node: Node) -> bool:
        """Whether it is in the lists of its parent."""
        return self.owns(node) or (node.privacy == "Public" and self.sees(node))

    def lists_everywhere(self, node: Node) -> bool:
        """Whether it is in the lists of the whole account."""
        return self.owns(node) or node.effective_privacy == "Public"

    def locked(self, node: Node) -> bool:
        """Whether a password or a grant is missing."""
        return not self.owns(node) and not self.account.is_unlocked(self.caller, node)

    def level(self, node: Node) -> str:
        """The `ResponseLevel`."""
        if self.owns(node):
            return "Full"
        return node.effective_security if self.locked(node) else "Public"

    def sees_image(self, image: Image) -> bool:
        """Whether any album that shows it is open to this viewer."""
        return any(
            self.sees(album.node) and not self.locked(album.node) and self.shows(image, album.node)
            for album in self.account.albums_of(image)
        )

    def shows(self, image: Image, node: Node) -> bool:
        """Whether the image is in the listing of that album."""
        return not image.hidden or self.owns(node)

    def may_have_original(self, image: Image) -> bool:
        """Whether the archived trio is given: not to others where the owner limits the size, forbids
        downloads or protects the photos (recorded without it: an album that does the latter two)."""
        home = self.account.album(image.home)
        if home is None or self.owns(home.node):
            return home is not None
        return home.largest_size == "Original" and home.allow_downloads and not home.protected
