"""The doctor on what runs beside the mirror: the daemon, its service, the drop folders, and who is told."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

from smugsync.cli.doctor.findings import Finding, fail, note, ok, warn
from smugsync.cli.units.words import word
from smugsync.config import Config
from smugsync.daemon.client import asked
from smugsync.daemon.standing import Standing
from smugsync.errors import SmugsyncError
from smugsync.page.textfile import textfile_of

_UNITS = Path("/etc/systemd/system")


def look_at_daemon(config: Config, *, ask: Callable[[Path], Standing | None] = asked) -> Iterator[Finding]:
    """Is there one, and can it go on? `ask` is given its socket."""
    try:
        standing = ask(config.socket)
    except SmugsyncError as error:
        yield warn("daemon", "daemon", str(error))
        return
    if standing is None:
        yield note("daemon", "daemon", "none runs: only you, or a timer, start anything")
    elif standing.held is not None:
        yield warn("daemon", "daemon", f"it waits: {standing.held.why}")
    elif standing.paused:
        yield note("daemon", "daemon", "it is paused, and begins nothing", "run `smugsync resume`")
    else:
        watching = f"; new local files: {standing.watching}" if standing.watching else ""
        yield ok("daemon", "daemon", f"it runs{watching}")


def tell_drop_folders(config: Config) -> Iterator[Finding]:
    """Files are moved out of them, so both the folder and the way into it have to be writable."""
    for route in config.upload.routes if config.upload.enabled else ():
        if not route.folder.is_dir():
            text = f"the drop folder {route.folder} is not there, so nothing of it is sent"
            yield warn("upload.route", "uploads", text, "make it, or mount its disk")
        elif not os.access(route.folder, os.R_OK | os.W_OK | os.X_OK):
            text = f"files cannot be taken out of the drop folder {route.folder} by user id {os.geteuid()}"
            yield warn("upload.route", "uploads", text, "let the user that smugsync runs as write there")
        else:
            yield ok("upload.route", "uploads", f"{route.folder} goes to {route.album}")


def tell_notified(config: Config) -> Iterator[Finding]:
    """Would somebody hear of trouble? Nothing is sent."""
    notify, textfile = config.notify, config.status.textfile
    subject = "notifications"
    if notify.command and shutil.which(notify.command[0]) is None:
        text = f"notify.command: {notify.command[0]} cannot be run, so nobody is told by it"
        yield warn("notify.command", subject, text, "name a program that this user may execute")
    if notify.apprise and find_spec("apprise") is None:
        text = "notify.apprise needs a package that is not installed"
        yield fail("notify.apprise", subject, text, 'run `pip install "smugsync[apprise]"`', code=78)
    if textfile is not None:
        directory = textfile_of(textfile, config.profile).parent
        if not os.access(directory, os.W_OK | os.X_OK):
            text = f"status.textfile: nothing can be written in {directory} by user id {os.geteuid()}"
            yield warn("status.textfile", subject, text, "make it, or give it to that user")
    ways = {
        "notify.ping": notify.ping,
        "notify.ntfy": notify.ntfy,
        "notify.command": notify.command,
        "notify.apprise": notify.apprise,
        "status.textfile": textfile,
    }
    used = [name for name, value in ways.items() if value]
    if used:
        yield ok("notify", subject, f"by {', '.join(used)}")
    else:
        text = "nobody is told of trouble, nor that runs have stopped"
        yield note("notify", subject, text, "set notify.ping or notify.ntfy")


def tell_service(config: Config, *, units: Path = _UNITS) -> Iterator[Finding]:
    """May the service write where the configuration says, by the drop-in that `install-units` wrote?"""
    instance = f"smugsync@{config.profile}"
    try:
        text = (units / f"{instance}.service.d" / "10-smugsync.conf").read_text("utf-8", errors="replace")
    except OSError:
        return
    lines = [line.partition("=")[2] for line in text.splitlines() if line.startswith("ReadWritePaths=")]
    allowed = f" {' '.join(lines)} "
    wanted = [config.mirror, *(route.folder for route in config.upload.routes)]
    if config.status.textfile is not None:
        wanted.append(config.status.textfile.parent)
    closed = [path for path in wanted if f" {word(f'-{path}')} " not in allowed]
    if closed:
        places = ", ".join(map(str, closed))
        what = f"{instance} may not write {places}: the configuration has changed since it was installed"
        yield warn("service.paths", "systemd", what, "run `sudo smugsync install-units` again, then reload")
    else:
        yield ok("service.paths", "systemd", f"{instance} may write what the configuration names")
