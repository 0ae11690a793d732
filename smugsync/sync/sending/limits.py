"""What the service takes at all: sizes and numbers, checked before anything is sent."""

from __future__ import annotations

from collections.abc import Iterable

from smugsync.core.model import LocalFile
from smugsync.errors import Rejected, Transient
from smugsync.records import dataclass
from smugsync.remote.dialect import UploadLimit

#: SmugMug holds 5,000 photos in an album (a limit that other clients have met), and five levels of folders.
MOST_PHOTOS, MOST_FOLDERS = 5_000, 5
_VIDEOS = frozenset("mp4 m4v mov qt avi mpg mpeg mpe wmv 3gp 3g2 mts m2ts mkv webm".split())


@dataclass(frozen=True, slots=True)
class Limits:
    """`photo` and `video`: the largest size in bytes, as the account's own limits say; SmugMug's usual ones
    (500 MB, and 3 GB) where it does not."""

    photo: int = 500_000_000
    video: int = 3_221_225_472

    def check(self, local: LocalFile, count: int) -> None:
        """Raise Rejected if it will not take `local`, Transient if `count` photos fill its album."""
        if count >= MOST_PHOTOS:
            raise Transient(
                f"its album holds {count:,} photos already, and SmugMug takes no more than {MOST_PHOTOS:,}"
            )
        most, what = (self.video, "video") if is_video(local.path) else (self.photo, "photo")
        size = local.fingerprint.size
        if size > most:
            raise Rejected(f"it has {size:,} bytes, and SmugMug takes no {what} of more than {most:,}")
        if not size:
            raise Rejected("it is empty")


def is_video(path: str) -> bool:
    """By its extension."""
    return path.rpartition(".")[2].lower() in _VIDEOS


def read_limits(told: Iterable[UploadLimit]) -> Limits:
    """What the account's own limits say; of what they do not name, the usual ones."""
    sizes = {limit.type.lower(): limit.max_size for limit in told}
    usual = Limits()
    return Limits(
        photo=sizes.get("image") or sizes.get("photo") or usual.photo, video=sizes.get("video") or usual.video
    )
