"""What lies in the directory of an album that is being listed: looked at once, and read only where asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from smugsync.catalogue import FileRow, join
from smugsync.core.model import Fingerprint, LocalFile
from smugsync.core.reconcile import ABSENT, UNOBSERVED, Side
from smugsync.errors import ItemError
from smugsync.records import dataclass
from smugsync.sync.context import Context


@dataclass(slots=True)
class Here:
    """One album's `directory` (relative to the mirror). `files` are by name; None = not to be read."""

    context: Context
    directory: str
    files: Mapping[str, Fingerprint] | None = None
    _looked: bool = False
    _md5s: dict[str, str] = field(default_factory=dict)

    def look(self, *, called: str) -> None:
        """Read the directory, if it was not read yet. `called` is its name in reports."""
        if self._looked:
            return
        self._looked = True
        try:
            self.files = {
                file.path.rpartition("/")[2]: file.fingerprint
                for file in self.context.mirror.scan(self.directory, recursive=False)
            }
        except ItemError as error:
            self.context.report.trouble(called, str(error))

    def find(self, row: FileRow) -> LocalFile | Side:
        """The file that the row tells of."""
        if self.files is None:
            return UNOBSERVED
        path = join(self.directory, row.name)
        fingerprint = self.files.get(row.name)
        if fingerprint is None or fingerprint.mtime_ns != row.mtime_ns or fingerprint.size != row.held_size:
            # Absent, spelt in the file system's own way, or placed since the directory was read.
            try:
                fingerprint = self.context.mirror.fingerprint(path)
            except ItemError as error:
                self.context.report.trouble(path, str(error))
                return UNOBSERVED
        if fingerprint is None:
            return ABSENT
        return LocalFile(path, fingerprint, row.local_md5 if fingerprint == row.edited() else None)

    def md5(self, name: str) -> str:
        """Of a file here, read once; "" = it cannot be read."""
        if name not in self._md5s:
            try:
                found = self.context.mirror.hash(join(self.directory, name), self.context.stop)
                self._md5s[name] = found.md5 or ""
            except ItemError:
                self._md5s[name] = ""
        return self._md5s[name]
