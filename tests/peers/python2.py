"""Run by the clients' own interpreter: puts a client of Python 2's days beside the others, `python2.py`.

Its package on PyPI can be built by no pip of today. So the archive is fetched by its address and digest, its
modules are rewritten by fissix (2to3 as a library), and nothing else becomes of them.
"""

from __future__ import annotations

import hashlib
import io
import sysconfig
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any, Final
from urllib.request import urlopen

ADDRESS: Final = (
    "https://files.pythonhosted.org/packages/8e/7e/11e0a490fa182e504c45243f085257dc9f6379b7bca0dfc0d9013b19affb/"
    "pysmug-0.4.tar.gz"
)
SHA256: Final = "4315f335ccc90a6e28870531db719fa3420f6ae0522129495d1618901d2b68fa"
PACKAGE: Final = "pysmug"
#: Written last: beside it, the package is whole.
SEAL: Final = f".{SHA256}"


def install(target: Path) -> None:
    """`PACKAGE` below `target`, as Python 3 reads it; what is there already stays."""
    if (target / PACKAGE / SEAL).exists():
        return
    with urlopen(ADDRESS, timeout=60) as answer:
        archive = answer.read()
    found = hashlib.sha256(archive).hexdigest()
    if found != SHA256:
        raise SystemExit(f"{ADDRESS} is another file than it was: its SHA-256 is {found}")
    for path, data in _members(archive):
        file = target / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(_rewritten(data, file.name) if file.suffix == ".py" else data)
    (target / PACKAGE / SEAL).touch()


def _members(archive: bytes) -> Iterator[tuple[PurePosixPath, bytes]]:
    """Those of the package, by their places in it, without what a Mac puts beside them."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        for member in files:
            path = PurePosixPath(*PurePosixPath(member.name).parts[1:])
            if member.isfile() and path.parts[:1] == (PACKAGE,) and not path.name.startswith("._"):
                content = files.extractfile(member)
                assert content is not None
                yield path, content.read()


def _rewritten(source: bytes, name: str) -> bytes:
    # There only in the clients' environment.
    from fissix import refactor  # type: ignore[import-not-found]  # noqa: PLC0415

    tool: Any = refactor.RefactoringTool(refactor.get_fixers_from_package("fissix.fixes"))
    return str(tool.refactor_string(f"{source.decode()}\n", name)).encode()


if __name__ == "__main__":
    install(Path(sysconfig.get_path("purelib")))
