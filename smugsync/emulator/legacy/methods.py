"""Every method: since and until which version there is one, and what a caller has to be let."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from smugsync.emulator.legacy import (
    album_changes,
    album_reading,
    category_methods,
    extras,
    image_changes,
    image_reading,
    login,
    tokens,
    tree,
)
from smugsync.emulator.legacy.calls import Call, Payload
from smugsync.emulator.legacy.versions import Version
from smugsync.emulator.switches import Permissions, Switches

PREFIX: Final = "smugmug."


@dataclass(frozen=True, slots=True)
class Method:
    """`needed` is Read for what changes nothing. Of an `opening` method the sender is not known before.
    One that `waits` does long work that nobody else shall wait for. `retired` ones are those that 1.3.0 no
    longer had in its last years."""

    run: Callable[[Call], Payload]
    needed: Permissions = "Read"
    since: str = "1.2.0"
    until: str = "1.3.0"
    opening: bool = False
    waits: bool = False
    retired: bool = False

    def exists(self, version: Version, switches: Switches) -> bool:
        if not self.since <= version.name <= self.until:
            return False
        return not (self.retired and version.takes_bare_keys and switches.legacy_tree == "no")


_UP_TO_1_2_2: Final = "1.2.2"

METHODS: Final[Mapping[str, Method]] = {
    "login.anonymously": Method(login.anonymously, until=_UP_TO_1_2_2, opening=True),
    "login.withPassword": Method(login.with_password, until=_UP_TO_1_2_2, opening=True),
    "login.withHash": Method(login.with_hash, until=_UP_TO_1_2_2, opening=True),
    "logout": Method(login.logout, until=_UP_TO_1_2_2),
    "auth.getRequestToken": Method(tokens.get_request_token, since="1.2.2", opening=True),
    "auth.getAccessToken": Method(tokens.get_access_token, since="1.2.2", opening=True),
    "auth.checkAccessToken": Method(tokens.check_access_token, since="1.2.2", opening=True),
    "service.ping": Method(extras.ping, opening=True),
    "users.getTree": Method(tree.get_tree, retired=True),
    "users.getInfo": Method(tree.get_info, retired=True),
    "users.getDisplayName": Method(tree.get_display_name, since="1.2.2", until=_UP_TO_1_2_2),
    "users.getTransferStats": Method(tree.get_transfer_stats, until="1.2.1"),
    "users.getStats": Method(tree.get_stats, since="1.3.0", retired=True),
    "albums.get": Method(album_reading.get),
    "albums.getInfo": Method(album_reading.get_info),
    "albums.getStats": Method(album_reading.get_stats),
    "albums.create": Method(album_changes.create, "Add"),
    "albums.changeSettings": Method(album_changes.change_settings, "Modify"),
    "albums.reSort": Method(album_changes.resort, "Modify"),
    "albums.delete": Method(album_changes.delete, "Modify"),
    "albums.comments.get": Method(extras.album_comments, since="1.2.2"),
    "categories.get": Method(category_methods.get, retired=True),
    "categories.create": Method(category_methods.create, "Add", retired=True),
    "categories.rename": Method(category_methods.rename, "Modify", retired=True),
    "categories.delete": Method(category_methods.delete, "Modify", retired=True),
    "subcategories.get": Method(category_methods.get_subs, retired=True),
    "subcategories.getAll": Method(category_methods.get_all_subs, retired=True),
    "subcategories.create": Method(category_methods.create_sub, "Add", retired=True),
    "subcategories.rename": Method(category_methods.rename_sub, "Modify", retired=True),
    "subcategories.delete": Method(category_methods.delete_sub, "Modify", retired=True),
    "images.get": Method(image_reading.get),
    "images.getInfo": Method(image_reading.get_info),
    "images.getURLs": Method(image_reading.get_urls),
    "images.getEXIF": Method(image_reading.get_exif),
    "images.getStats": Method(image_reading.get_stats),
    "images.changeSettings": Method(image_changes.change_settings, "Modify"),
    "images.changePosition": Method(image_changes.change_position, "Modify"),
    "images.collect": Method(image_changes.collect, "Modify", since="1.2.2"),
    "images.crop": Method(image_changes.crop, "Modify"),
    "images.rotate": Method(image_changes.rotate, "Modify"),
    "images.zoomThumbnail": Method(image_changes.zoom_thumbnail, "Modify"),
    "images.delete": Method(image_changes.delete, "Modify"),
    "images.upload": Method(image_changes.upload, "Add", until=_UP_TO_1_2_2, waits=True),
    "images.uploadFromURL": Method(image_changes.upload_from_url, "Add"),
    "images.comments.get": Method(extras.image_comments, since="1.2.2"),
    "family.get": Method(extras.family),
    "friends.get": Method(extras.friends),
    "fans.get": Method(extras.fans, since="1.2.2"),
    "communities.get": Method(extras.communities),
    "communities.getAvailable": Method(extras.none_of("Communities", "communities")),
    "albumtemplates.get": Method(extras.none_of("AlbumTemplates", "album templates"), retired=True),
    "printmarks.get": Method(extras.none_of("Printmarks", "printmarks"), since="1.3.0", retired=True),
    "sharegroups.get": Method(extras.none_of("ShareGroups", "share groups"), since="1.2.1", retired=True),
    "styles.getTemplates": Method(extras.style_templates, retired=True),
    "themes.get": Method(extras.none_of("Themes", "themes"), since="1.2.2", retired=True),
    "watermarks.get": Method(extras.none_of("Watermarks", "watermarks"), retired=True),
}
