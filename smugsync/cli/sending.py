"""What the configuration says of uploads, as the engine takes it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from smugsync.config import Config, ignorer
from smugsync.core.finished import Unfinished
from smugsync.core.model import Privacy
from smugsync.local.handles import Root
from smugsync.local.tree import Mirror
from smugsync.local.watching.settling import BeingWritten, Fresh, Gone, Ready, Settler, Unsendable
from smugsync.sync.context import Readiness, Route, Sending


def sending(config: Config, mirror: Mirror) -> Sending | None:
    """None where nothing is ever sent."""
    upload = config.upload
    if not upload.enabled:
        return None
    return Sending(
        settled=_settled(mirror, upload.stable),
        ignores=ignorer(upload.ignore),
        replace=upload.replace,
        create=None if upload.create == "never" else Privacy(upload.create),
        parallel=upload.parallel,
        routes=tuple(
            Route(
                route.folder,
                route.album,
                route.keywords,
                None if route.privacy is None else Privacy(route.privacy),
            )
            for route in upload.routes
        ),
    )


def _settled(mirror: Mirror, stable: float) -> Callable[[Root, str], Readiness]:
    """Whether a file may be sent as it lies there; with a memory of the looks that takes."""
    here = Settler(mirror.root, stable=stable)
    elsewhere: dict[Path, tuple[Root, Settler]] = {}  #: drop folders

    def ask(root: Root, path: str) -> Readiness:
        settler = here
        if root is not mirror.root:
            known, settler = elsewhere.get(root.path, (None, here))
            if known is not root:
                settler = Settler(root, stable=stable)
                elsewhere[root.path] = root, settler
        match settler.ask(path):
            case Ready() as ready:
                return Readiness(ready.fingerprint)
            case Gone():
                return Readiness()
            case Fresh() as fresh:
                return Readiness(why="it changed a moment ago", later=True, again=fresh.again)
            case BeingWritten():
                return Readiness(why="some program is writing it", later=True)
            case Unfinished() as unfinished:
                return Readiness(why=unfinished.why, later=True)
            case Unsendable() as unsendable:
                return Readiness(why=f"it {unsendable.why}")

    return ask
