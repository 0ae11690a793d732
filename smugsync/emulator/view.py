"""Who looks at the account, and what that person may see of it.

The rules (facts 7, recorded password album): the owner sees everything; others see public albums in
lists, unlisted ones only by their key, private ones never; of a password album they see that it exists.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from smugsync.emulator.account import Account
from smugsync.emulator.model import Image, Node
from smugsync.emulator.settings import Viewer


@dataclass(frozen=True, slots=True)
class View:
    """The account as `viewer` sees it. `origin` is where this server's media addresses start.

    With `media_url`, originals below `library` are at that address plus their path.
    """

    account: Account
    viewer: Viewer
    origin: str
    media_url: str | None = None
    library: Path | None = None

    @property
    def site(self) -> str:
        """Where people look at the account; never this server (recorded: always the owner's site)."""
        return f"https://{self.account.nickname}.smugmug.com"

    def owns(self, node: Node) -> bool:
        mine = self.account.nickname if self.viewer == "owner" else self.account.visitor
        return self.viewer != "anonymous" and node.owner == mine

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
        return not self.owns(node) and node.effective_security != "None"

    def level(self, node: Node) -> str:
        """The `ResponseLevel`."""
        if self.owns(node):
            return "Full"
        security = node.effective_security
        return "Public" if security == "None" else security

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
        """Whether the archived trio is given: not to others where the owner limits the size."""
        home = self.account.album(image.home)
        return home is not None and (self.owns(home.node) or home.largest_size == "Original")
