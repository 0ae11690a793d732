"""An address of the service, and what it says about itself.

The same words stand in two places of an answer: in the `Uris` of an object that points to the endpoint,
and in the `Response` that the endpoint itself gives. Source: the recorded answers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from smugsync.emulator.api.parameters import Parameter, select, text
from smugsync.emulator.settings import Permissions

DOC: Final = "https://api.smugmug.com/api/v2/doc/reference/"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`locator` names the key of the payload, `kind` is Object, Objects or List; empty: no payload."""

    name: str
    locator: str
    kind: str
    description: str
    doc: str = ""
    page: int = 10  #: how many items a page has when the client does not say
    parameters: tuple[Parameter, ...] = ()  #: of a GET
    post: tuple[Parameter, ...] = ()
    patch: tuple[Parameter, ...] = ()
    writes: tuple[tuple[str, Permissions], ...] = ()  #: method and permission, beyond OPTIONS and GET
    notes: tuple[str, ...] = field(default=())

    def takes(self, method: str) -> tuple[Parameter, ...]:
        """The fields of a request by that method."""
        return {"GET": self.parameters, "POST": self.post, "PATCH": self.patch}.get(method, ())

    def permission(self, method: str) -> Permissions:
        """What a token must have been granted (recorded: `Options.MethodDetails`)."""
        if method in ("GET", "HEAD", "OPTIONS"):
            return "Read"
        return next((level for name, level in self.writes if name == method), "Modify")

    def suffices(self, method: str) -> Permissions:
        """What is enough in practice: to add albums, folders and images, Add is (measured), though the
        description of `!children` says Modify."""
        return "Add" if method == "POST" and self.name in _ADDING else self.permission(method)


_ADDING: Final = ("ChildNodes", "AlbumImages", "Folders", "FolderAlbums", "UploadFromUri")
SINGLE_ARGS: Final = "_multiargs does not work at this endpoint"
SINGLE = (SINGLE_ARGS,)
EDITABLE: tuple[tuple[str, Permissions], ...] = (("PATCH", "Modify"), ("DELETE", "Modify"))
ACTION: tuple[tuple[str, Permissions], ...] = (("POST", "Modify"),)
FREE: tuple[tuple[str, Permissions], ...] = (("POST", "Read"),)

SEARCH = (
    text("Text", None, "Search all text fields"),
    select("SortMethod", "_score", "Rank", "LastUpdated"),
    select("SortDirection", "Descending", "Ascending", "Descending"),
    Parameter("Scope", "Uri", description="The URI of a Folder, Node, or User to search within"),
)


def link(endpoint: Endpoint, uri: str, *, expanded: bool = False) -> dict[str, str]:
    """An entry of `Uris` as it looks at verbosity 2 and 3; what is expanded names its page (recorded)."""
    entry = {"Uri": uri}
    if endpoint.locator:
        entry["Locator"] = endpoint.locator
        entry["LocatorType"] = endpoint.kind
    entry["UriDescription"] = endpoint.description
    entry["EndpointType"] = endpoint.name
    if expanded and endpoint.doc:
        entry["DocUri"] = endpoint.doc
    return entry
