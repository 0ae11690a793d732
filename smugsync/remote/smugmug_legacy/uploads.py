"""Files on their way to the account: their raw bytes by PUT, or inside a form.

Raw bytes are what every client came to prefer, and what the service still took in 2025: the body is the file
and streams from the disk, everything about it is in headers, and OAuth signs none of both. Inside a form a
file is a third larger and in memory as a whole, and has to be signed with it; no client of 1.3.0 does so.
"""

from __future__ import annotations

from base64 import b64encode
from urllib.parse import quote, urlsplit

from smugsync.core.model import Outgoing, Sent
from smugsync.errors import Garbled, Rejected
from smugsync.remote.dialect import Call, Content, Reply, UploadLimit
from smugsync.remote.smugmug_legacy.calls import UPLOAD_VERSION, Endpoint, form
from smugsync.remote.smugmug_legacy.envelope import answer, child
from smugsync.remote.smugmug_legacy.keys import Ref, parse_ref, read_ref
from smugsync.remote.smugmug_v2.uploads import content_type, file_name, keywords

UPLOAD = "smugmug.images.upload"


class UploadQuestions:
    """How files are sent; new photos inside a form, if `_forms` says so."""

    _forms = False

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    def read_limits(self, reply: Reply) -> tuple[UploadLimit, ...]:
        """What a sign-in, or the check of an access token, says of its owner's photos. What the limit of
        videos is, no answer tells."""
        document = answer(reply, "the account")
        login = child(document, "Login")
        most = login.whole("FileSizeLimit") or child(child(document, "Auth"), "User").whole("FileSizeLimit")
        return (UploadLimit("Image", (), most),) if most else ()

    def upload(self, outgoing: Outgoing, content: Content) -> Call:
        """`Content-MD5` is in hex here (six clients), which the standard would have in base64."""
        endpoint = self._endpoint
        if self._forms and endpoint.version.base64 and not outgoing.replaces:
            return self.upload_base64(outgoing, b"".join(bytes(chunk) for chunk in content.chunks()))
        headers = [
            ("Content-Type", content_type(outgoing.name)),
            ("Content-MD5", outgoing.md5),
            (UPLOAD_VERSION, endpoint.version.name),
            ("X-Smug-ResponseType", "JSON"),
        ]
        if not outgoing.replaces or endpoint.version.names_both:
            headers.append(("X-Smug-AlbumID", parse_ref(outgoing.album_key).id))
        if outgoing.replaces:
            headers.append(("X-Smug-ImageID", parse_ref(outgoing.replaces).id))
        if file_name(outgoing.name) == outgoing.name:  # nobody has told whether an encoded one is decoded
            headers.append(("X-Smug-FileName", outgoing.name))
        if line := keywords(outgoing.keywords):
            headers.append(("X-Smug-Keywords", line))
        url = f"{endpoint.upload_url.rstrip('/')}/{quote(outgoing.name, safe='', errors='surrogateescape')}"
        return Call("PUT", url, tuple(headers), content, idempotent=False)

    def upload_base64(self, outgoing: Outgoing, data: bytes) -> Call:
        """The same for a small file in 1.2.0 to 1.2.2, where nothing but forms comes through (see above).

        Only new photos. Raises Rejected where this version takes none.
        """
        path = self._endpoint.version.base64
        if not path or outgoing.replaces:
            raise Rejected("SmugMug takes a file inside a form only as a new photo, and in 1.3.0 not at all")
        fields = {
            "method": UPLOAD,
            "AlbumID": parse_ref(outgoing.album_key).id,
            "FileName": outgoing.name,
            "ByteCount": str(outgoing.size),
            "MD5Sum": outgoing.md5,
        }
        if line := keywords(outgoing.keywords):
            fields["Keywords"] = line
        parts = urlsplit(self._endpoint.upload_url)
        fields["Data"] = b64encode(data).decode("ascii")
        return form(f"{parts.scheme}://{parts.netloc}{path}", fields, idempotent=False)

    def read_upload(self, reply: Reply, outgoing: Outgoing) -> Sent:
        """1.2.0 names a new photo by its number alone (recorded), which is enough to look at it."""
        image = child(answer(reply, "the upload"), "Image")
        if "id" not in image:
            raise Garbled("SmugMug's answer to the upload names no photo")
        found = read_ref(image)
        if not outgoing.replaces:
            return Sent(str(found), image.whole("Serial") or 0, listed=bool(found.key))
        replaced: Ref = parse_ref(outgoing.replaces)
        if not found.means(replaced):
            raise Garbled("SmugMug's answer to the upload names another photo than the one to be replaced")
        return Sent(outgoing.replaces, image.whole("Serial") or 0)
