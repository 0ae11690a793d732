"""What an account consists of: nodes, albums, images. Their times are whole epoch seconds.

The service's time stamps have a granularity of one second, so two edits in one second leave equal
stamps behind; only `ImageCount` tells them apart then.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from smugsync.emulator.account.content import Content
from smugsync.emulator.media.information import MediaInfo

NodeType = Literal["Folder", "Album", "Page", "System Folder", "System Album", "System Page"]
Privacy = Literal["Public", "Unlisted", "Private"]
Security = Literal["None", "Password", "GrantAccess"]

_PRIVACY_ORDER: tuple[Privacy, ...] = ("Public", "Unlisted", "Private")
#: What SmugSearchable and WorldSearchable of a node say unless it has a setting of its own (recorded).
INHERITED: Final = "Inherit from User"


@dataclass(slots=True, eq=False)
class Image:
    """A photo or video. `home` is the album it belongs to; others may have collected it.

    `rendition` is what can be downloaded of a video; the upload itself (`content`) cannot.
    """

    key: str
    home: str
    file_name: str
    content: Content
    format: str
    uploaded: int
    upload_key: int
    updated: int = 0
    settled: int = 0  #: when the service is through with the upload
    serial: int = 0
    picture: MediaInfo | None = None  #: None until somebody asks, see `look.look_into`
    title: str = ""
    caption: str = ""
    keywords: tuple[str, ...] = ()
    hidden: bool = False
    watermark: str = "No"
    latitude: str = ""
    longitude: str = ""
    altitude: int = 0
    rendition: Content | None = None
    processing: bool = False
    broken: bool = False  #: a video the service will never be able to show
    ready_at: int = 0  #: until then an uploaded video is processing
    collected: list[str] = field(default_factory=list)  #: keys of the albums that collected it
    number: int = 0  #: its id in the older APIs, once it has one

    @property
    def id(self) -> str:
        """Key and revision, as the image's address has them."""
        return f"{self.key}-{self.serial}"

    @property
    def is_video(self) -> bool:
        return self.format == "MP4"

    def is_processing(self, now: float) -> bool:
        """Whether there is nothing to be had of it yet."""
        return self.processing or now < self.ready_at

    def updated_at(self, now: float) -> int:
        """`LastUpdated` as shown at `now`: it moves once more when processing is over (facts 4.2)."""
        over = max(self.settled, self.ready_at)
        return max(self.updated, over) if over <= now else self.updated


@dataclass(slots=True, eq=False)
class Node:
    """A folder, album or page. `owner` is the nickname of the account it belongs to."""

    id: str
    type: NodeType
    name: str
    url_name: str
    owner: str
    added: int
    modified: int
    parent: Node | None = None
    children: list[Node] = field(default_factory=list)
    album: Album | None = None
    description: str = ""
    keywords: tuple[str, ...] = ()
    privacy: Privacy = "Public"
    security: Security = "None"
    password: str = ""
    password_hint: str = ""
    sort_index: int = 0
    sort_method: str = "SortIndex"
    sort_direction: str = "Ascending"
    show_cover: bool = True
    hide_owner: bool = False
    smug_searchable: str = INHERITED
    world_searchable: str = INHERITED
    highlight: str = ""  #: key of the image that was chosen to stand for it
    cover: str = ""  #: key of its cover image
    deleted: int = 0  #: when it was deleted; what lay in it has 0
    number: int = 0  #: its id in the older APIs, once it has one: that of a user or of a category

    @property
    def is_folder(self) -> bool:
        return self.type in ("Folder", "System Folder")

    @property
    def ancestry(self) -> Iterator[Node]:
        """This node first, the root last."""
        node: Node | None = self
        while node is not None:
            yield node
            node = node.parent

    @property
    def url_path(self) -> str:
        """`/Travel/Iceland`; the root's is empty here, though its node says `/`."""
        return "".join(f"/{node.url_name}" for node in reversed([*self.ancestry]) if node.parent)

    @property
    def depth(self) -> int:
        """The root has 0, a folder in it 1."""
        return sum(1 for _ in self.ancestry) - 1

    @property
    def height(self) -> int:
        """The levels of folders it takes: an album none, a folder one more than what is in it."""
        return 1 + max((child.height for child in self.children), default=0) if self.is_folder else 0

    @property
    def effective_privacy(self) -> Privacy:
        return max((node.privacy for node in self.ancestry), key=_PRIVACY_ORDER.index)

    @property
    def guarded_by(self) -> Node | None:
        """The nearest node whose password or grant it takes to see this one."""
        return next((node for node in self.ancestry if node.security != "None"), None)

    @property
    def effective_security(self) -> Security:
        guard = self.guarded_by
        return "None" if guard is None else guard.security

    def walk(self) -> Iterator[Node]:
        """This node and everything below it, parents first."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(slots=True, eq=False)
class Album:
    """An album's own part; name, privacy and `LastUpdated` are its node's.

    `photos` is in upload order. It may be a sequence that makes its images when asked (see
    `synthetic`); `Account` turns it into a list before the first edit. `images_updated` moves to the
    times in `pending` when they come.
    """

    key: str
    node: Node
    photos: Sequence[Image] = ()
    images_updated: int = 0
    pending: list[int] = field(default_factory=list)
    sort_method: str = "Date Taken"
    sort_direction: str = "Ascending"
    allow_downloads: bool = True
    largest_size: str = "Original"  #: the largest size that others than the owner may see
    exif: bool = True  #: whether others see camera data
    geography: bool = True  #: whether others see positions
    comments: bool = True
    protected: bool = False
    share: bool = True
    download_password: str = ""
    shown: dict[str, Any] = field(default_factory=dict)  #: settings without effect, by the API's names
    packed: int = 0  #: when a download of the whole was last asked for
    number: int = 0  #: its id in the older APIs, once it has one
    in_order: Sequence[Image] | None = None  #: `photos` as listed, kept until the next edit

    def images_updated_at(self, now: float) -> int:
        """`ImagesLastUpdated` as the service admits it at `now`."""
        while self.pending and self.pending[0] <= now:
            self.images_updated = self.pending.pop(0)
        return self.images_updated
