"""https with a certificate authority of the emulator's own.

The certificate names this machine and the service's hosts, so that a client whose addresses cannot be
changed works as well, through a hosts file. Who is to trust it needs the authority's file, `ca_file`.
"""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from smugsync.emulator.state.keeper import Keeper
from smugsync.errors import SmugsyncError, UsageError

if TYPE_CHECKING:
    import trustme

#: The service's hosts, and every user's site.
SERVICE_NAMES: Final = (
    "smugmug.com",
    "*.smugmug.com",
    "api.smugmug.com",
    "upload.smugmug.com",
    "secure.smugmug.com",
    "www.smugmug.com",
    "photos.smugmug.com",
)
LOCAL_NAMES: Final = ("localhost", "127.0.0.1", "::1")

_EVERYWHERE: Final = ("0.0.0.0", "::")  # noqa: S104 - compared, not bound
_NOTE: Final = "authority"


@dataclass(frozen=True, slots=True)
class Certified:
    """What a server needs for https, and what its clients need."""

    context: ssl.SSLContext
    ca_file: Path


@contextlib.contextmanager
def certify(keeper: Keeper, host: str, state: Path | None) -> Iterator[Certified]:
    """https for a server that listens on `host`, as long as the block runs.

    The authority is the same in every run with the same state file and its file lies beside that; without
    one, both go at the end. Raises UsageError if the libraries are not installed, SmugsyncError if the
    file cannot be written.
    """
    authority = _load_authority(keeper)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    names = [name for name in (*LOCAL_NAMES, *SERVICE_NAMES, *_names_of(host)) if _is_name(name)]
    authority.issue_cert(*dict.fromkeys(names), organization_name="smugsync emulator").configure_cert(context)
    with contextlib.ExitStack() as stack:
        if state is None:
            directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="smugsync-ca-"))
            ca_file = Path(directory) / "ca.pem"
        else:
            ca_file = Path(f"{state.absolute()}.ca.pem")
        _write(ca_file, authority.cert_pem.bytes())
        yield Certified(context, ca_file)


def _load_authority(keeper: Keeper) -> trustme.CA:
    """The one of an earlier run, or a new one, which is kept where only the user can read it."""
    try:
        import trustme  # noqa: PLC0415 - part of the extra
    except ImportError:
        raise UsageError(
            'https needs a library that is not installed: pip install "smugsync[emulator]"'
        ) from None
    kept = keeper.read_note(_NOTE)
    if kept is not None:
        parts = json.loads(kept)
        return trustme.CA.from_pem(parts["certificate"].encode(), parts["key"].encode())
    made = trustme.CA(organization_name="smugsync emulator", organization_unit_name="for tests only")
    parts = {"certificate": made.cert_pem.bytes().decode(), "key": made.private_key_pem.bytes().decode()}
    keeper.write_note(_NOTE, json.dumps(parts))
    return made


def _names_of(host: str) -> Iterator[str]:
    """What clients may call the machine."""
    yield socket.gethostname()
    if host not in _EVERYWHERE:
        yield host
        return
    # No packet is sent: it is only asked which of the machine's addresses would be used.
    for family, outside in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((outside, 9))
            yield str(probe.getsockname()[0])


def _is_name(name: str) -> bool:
    """Whether a certificate can hold it: host names may have characters that it cannot."""
    return bool(name) and name.isascii() and all(c.isalnum() or c in "-.:*" for c in name)


def _write(path: Path, data: bytes) -> None:
    """Anybody may read it: it holds no key. A client never sees half of it."""
    try:
        if path.is_file() and path.read_bytes() == data:
            return
        part = path.with_name(f"{path.name}.part")
        part.write_bytes(data)
        part.replace(path)
    except OSError as error:
        raise SmugsyncError(f"the certificate {path} cannot be written: {error.strerror}.") from error
