"""What types and ranges cannot tell: paths that lose photos, credentials that do not make a set.

Each check returns the finished value and adds a sentence to the problems when it cannot be used.
"""

from __future__ import annotations

import os
import ssl
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from smugsync.config import places, sources
from smugsync.config.settings import Settings
from smugsync.config.values import RouteConfig
from smugsync.errors import ConfigError
from smugsync.secret import Secret

#: An access token: what a sign-in brings, and useless but as a whole.
TOKEN = ("access_token", "access_token_secret")
#: Stands where a problem is already on record and the value will never be used.
NONE = Secret("")
_NOWHERE = Path("/nonexistent")


@dataclass(frozen=True, slots=True)
class Context:
    file: Path
    profile: str
    environ: Mapping[str, str]
    reading: sources.Reading
    any_token: bool = False  #: half an access token will do

    def where(self, *key: str) -> str:
        owner = self.reading.owner(key)
        return owner.where(key) if owner else f"{self.file}: {'.'.join(key)}"

    def report(self, *key: str, problem: str) -> None:
        self.reading.problems.append(f"{self.where(*key)} {problem}")
        self.reading.broken.add(key)

    def judged(self, *key: str) -> bool:
        """A problem with this key, or with the table around it, is already on record."""
        return any(key[:length] in self.reading.broken for length in range(1, len(key) + 1))


def state_dir(settings: Settings, context: Context) -> Path:
    """This profile's own directory, one below the one that is configured."""
    if settings.state_dir is None:
        try:
            return places.state_base(context.environ) / context.profile
        except ConfigError as error:
            context.reading.problems += error.problems
            context.reading.broken.add(("state_dir",))
            return _NOWHERE
    base = places.expand(settings.state_dir, context.environ)
    if not base.is_absolute() or "\0" in settings.state_dir:
        context.report("state_dir", problem=f'is "{base}": it must be an absolute path')
        return _NOWHERE
    try:
        if not stat.S_ISDIR(base.stat().st_mode):
            context.report("state_dir", problem=f"is {base}, which is a file: name a directory")
    except (FileNotFoundError, NotADirectoryError):
        pass  # the first run makes it, or says why not
    except OSError as error:
        context.report("state_dir", problem=f"is {base}, which cannot be looked at: {error.strerror}")
    return base / context.profile


def mirror(settings: Settings, state: Path, context: Context) -> Path:
    """The mirror's directory. It need not exist: whether its disk is mounted is asked by those who use it."""
    if settings.mirror is None:
        if context.judged("mirror"):
            return _NOWHERE
        name = sources.variable(("mirror",))
        context.reading.problems.append(
            f'{context.file}: mirror is missing: write mirror = "/where/the/photos/go", or set {name}'
        )
        context.reading.broken.add(("mirror",))
        return _NOWHERE
    path = places.expand(settings.mirror, context.environ)
    if problem := _mirror_problem(settings.mirror, path, state, context):
        context.report("mirror", problem=problem)
    return Path(os.path.normpath(path))


def _mirror_problem(text: str, path: Path, state: Path, context: Context) -> str:
    if "\0" in text:
        return "holds a NUL character"
    if not path.is_absolute():
        return f'is "{text}": it must be an absolute path, such as /srv/photos or ~/Photos'
    real, home = Path(os.path.realpath(path)), places.home(context.environ)
    if real == Path("/"):
        return 'is "/", the whole machine: name a directory of its own'
    if home is not None and real == Path(os.path.realpath(home)):
        return f"is {path}, the whole home directory: name a directory of its own, such as {home}/Photos"
    # lexists: a symlink to a disk that is not mounted is for the run to judge, not for us.
    if os.path.lexists(real) and not real.is_dir():
        return f"is {path}, which is a file: name a directory"
    real_state = Path(os.path.realpath(state))
    if real.is_relative_to(real_state):
        return f"is {path}, inside the state directory {state}: keep them apart"
    if real_state.is_relative_to(real):
        return f"is {path}, which holds the state directory {state}: set state_dir to a place outside"
    owner = context.reading.owner(("mirror",))
    if context.profile != "default" and owner and not owner.own:
        return f"belongs to the profile default: give [profile.{context.profile}] a mirror of its own"
    for name, theirs in context.reading.mirrors.items():
        other = places.expand(theirs, context.environ)
        if other.is_absolute() and _overlap(real, Path(os.path.realpath(other))):
            return (
                f"is {path}, and that of the profile {name} is {other}: give each profile a mirror of its own"
            )
    return ""


def _overlap(one: Path, other: Path) -> bool:
    return one.is_relative_to(other) or other.is_relative_to(one)


def credentials(settings: Settings, context: Context) -> None:
    """The API key always, its secret unless there is a `user`; an access token not at all, or whole."""
    remote = settings.remote
    if context.judged("remote", "kind"):
        return  # nobody knows what that one would need
    given = {name for name in sources.SECRETS if getattr(remote, name)}
    wanted = {"api_key"}
    if not remote.user or not given <= {"api_key", "api_secret"}:
        wanted.add("api_secret")
    if given & set(TOKEN) and not context.any_token:
        wanted |= set(TOKEN)
    table = "[remote]" if context.profile == "default" else f"[profile.{context.profile}.remote]"
    for name in (secret for secret in sources.SECRETS if secret in wanted - given):
        if context.judged("remote", name):
            continue
        variable = sources.variable(("remote", name))
        context.reading.problems.append(
            f"{context.file}: remote.{name} is missing: write {name} (or {name}_file) below {table}, "
            f"or set {variable} (or {variable}_FILE)"
            + (", or run `smugsync auth login`" if name in TOKEN and not remote.user else "")
        )
        context.reading.broken.add(("remote", name))


def ca_file(settings: Settings, context: Context) -> Path | None:
    """The file with the private CA, tried as TLS will use it."""
    if settings.remote.ca_file is None:
        return None
    path = places.expand(settings.remote.ca_file, context.environ)
    if not path.is_absolute():
        path = context.file.parent / path
    try:
        with path.open("rb"):
            pass
        ssl.create_default_context().load_verify_locations(cafile=path)
    except ssl.SSLError:
        context.report("remote", "ca_file", problem=f"is {path}, which holds no certificates in PEM form")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a usable path"
        context.report("remote", "ca_file", problem=f"is {path}, which cannot be read: {reason}")
    return path


def plain_http(settings: Settings, context: Context) -> bool:
    """Unencrypted addresses only by express wish, or on this very machine."""
    remote = settings.remote
    for key in ("api_url", "upload_url", "oauth_url"):
        parts = urlsplit(getattr(remote, key))
        if parts.scheme == "http" and not remote.allow_http and not _loopback(parts.hostname or ""):
            context.report(
                "remote",
                key,
                problem="would send the credentials unencrypted: use https, or set remote.allow_http",
            )
    return remote.allow_http


def uploads(settings: Settings, context: Context) -> None:
    """Only the owner of an account sends anything to it."""
    if settings.upload.enabled and settings.remote.user is not None:
        context.report(
            "upload",
            "enabled",
            problem="is true, but with remote.user the albums are a visitor's, who can send nothing: "
            "remove one of the two",
        )


def routes(settings: Settings, state: Path, context: Context) -> tuple[RouteConfig, ...]:
    """Where files are dropped, and for which album. A folder inside the mirror is an album's already."""
    found: list[RouteConfig] = []
    inside = None if settings.mirror is None else places.expand(settings.mirror, context.environ)
    for route in settings.upload.routes:
        folder = places.expand(route.folder, context.environ)
        parts = [part for part in route.album.split("/") if part]
        problem = ""
        if "\0" in route.folder or not folder.is_absolute():
            problem = f'has the folder "{route.folder}": it must be an absolute path'
        elif inside is not None and _overlap(Path(os.path.realpath(folder)), Path(os.path.realpath(inside))):
            problem = f"has the folder {folder}, which overlaps with the mirror: name one outside of it"
        elif _overlap(Path(os.path.realpath(folder)), Path(os.path.realpath(state))):
            problem = f"has the folder {folder}, which overlaps with the state directory {state}"
        elif any(_overlap(folder, other.folder) for other in found):
            problem = f"has the folder {folder}, which overlaps with another route's"
        elif not route.album.startswith("/") or not parts or {".", ".."} & set(parts):
            problem = f'has the album "{route.album}": write its path, such as "/Travel/Iceland"'
        if problem:
            context.report("upload", "routes", problem=problem)
        found.append(
            RouteConfig(
                folder=folder, album="/" + "/".join(parts), keywords=route.keywords, privacy=route.privacy
            )
        )
    return tuple(found)


def listen(settings: Settings, context: Context) -> str | None:
    """Who is asked from elsewhere wants to know who asks."""
    address = settings.status.listen
    if address and not _loopback(address.rpartition(":")[0].strip("[]")) and not settings.status.token:
        context.reading.problems.append(
            f'{context.where("status", "listen")} is "{address}", which others can reach: set status.token '
            "too, or listen on 127.0.0.1"
        )
        context.reading.broken.add(("status", "token"))
    return address


def textfile(settings: Settings, context: Context) -> Path | None:
    """The file for Prometheus' node_exporter, which reads no other than `*.prom`."""
    if settings.status.textfile is None:
        return None
    path = places.expand(settings.status.textfile, context.environ)
    if not path.is_absolute() or "\0" in settings.status.textfile or path.suffix != ".prom":
        context.report("status", "textfile", problem=f'is "{path}": it must be the absolute path of a .prom')
    return path


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
