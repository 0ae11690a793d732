"""Every address the service is known to offer, with the words it describes them by.

The same words stand in two places of an answer: in the `Uris` of an object that points to the endpoint,
and in the `Response` that the endpoint itself gives. Source: the recorded answers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from smugsync.emulator.api import album_fields, image_fields, node_fields
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
_SINGLE_ARGS = (SINGLE_ARGS,)
_EDITABLE: tuple[tuple[str, Permissions], ...] = (("PATCH", "Modify"), ("DELETE", "Modify"))
_ACTION: tuple[tuple[str, Permissions], ...] = (("POST", "Modify"),)
_FREE: tuple[tuple[str, Permissions], ...] = (("POST", "Read"),)

#: What `MaxSize` of the largest picture and of the largest film may say (facts 3.5).
IMAGE_SIZES: Final = tuple(
    f"ImageSize{name}"
    for name in "Tiny Thumb Small Medium Large XLarge X2Large X3Large X4Large X5Large 4K 5K Original".split()
)
VIDEO_SIZES: Final = tuple(f"VideoSize{edge}" for edge in (1920, 1280, 960, 640, 320))

_ORDER = select(
    "Order",
    "Album Settings",
    "Album Settings",
    "Position",
    "Last Updated (Descending)",
    "Last Updated (Ascending)",
    "Date Added (Descending)",
    "Date Added (Ascending)",
)
_CHILDREN = (
    select("Type", "All", "All", "Folder Album Page", "Folder", "Album", "Page", "System Album"),
    select("SortMethod", "Organizer", "DateAdded", "DateModified", "Name", "Organizer"),
    select("SortDirection", "Ascending", "Ascending", "Descending"),
)
_SEARCH = (
    text("Text", None, "Search all text fields"),
    select("SortMethod", "_score", "Rank", "LastUpdated"),
    select("SortDirection", "Descending", "Ascending", "Descending"),
    Parameter("Scope", "Uri", description="The URI of a Folder, Node, or User to search within"),
)
_FILE_NAMES = text(
    "FileNames",
    "",
    "A list of filenames (percent-encoded and comma-separated); if used, an image will only be included in"
    " the result set if its file name is in the list",
)
_ALBUM_NOTES = (
    "To sort images manually first set SortMethod to Position",
    "When selecting SortMethod=Position, SortMethod is automatically set to Ascending",
    "NiceName is deprecated; use UrlName instead",
    "Title is deprecated; use Name instead",
    "AlbumHighlightImage is deprecated, use HighlightImage instead",
)
_IMAGE_NOTES = (
    "The Uri returned by this endpoint may not exist if it was recently uploaded and is being processed",
    '"Watermark" has been deprecated in favor of "Watermarked".\n        "Watermarked" will only be present'
    " for images with a known watermarked state",
    'Photo sizes, including Original, without a "Size" or "MD5" property, will be generated dynamically upon'
    " request",
    '"ArchivedUri", "ArchivedSize" and "ArchivedMD5" refer to the untouched version of the photo originally'
    " uploaded",
)

_ALL: Final = (
    # -- users
    Endpoint("AuthUser", "User", "Object", "Authenticated user", DOC + "user.html"),
    Endpoint("User", "User", "Object", "User By Nickname", DOC + "user.html"),
    Endpoint("BioImage", "BioImage", "Object", "User BioImage"),
    Endpoint("CoverImage", "CoverImage", "Object", "User CoverImage"),
    Endpoint("UserProfile", "UserProfile", "Object", "User's profile information"),
    Endpoint("Features", "Features", "Object", "User's account features information"),
    Endpoint("SiteSettings", "SiteSettings", "Object", "User site settings"),
    Endpoint(
        "UserAlbums",
        "Album",
        "Objects",
        "All of user's albums",
        page=50,
        parameters=(Parameter("MinimumImages", "Integer", minimum=0), _ORDER),
    ),
    Endpoint("UserCollections", "Collection", "Objects", "All of user's collections"),
    Endpoint("UserGeoMedia", "Image", "Objects", "Geotagged images for user"),
    Endpoint("UserPopularMedia", "Image", "Objects", "User's popular images"),
    Endpoint("UserFeaturedAlbums", "Album", "Objects", "User's featured albums"),
    Endpoint("UserRecentImages", "Image", "Objects", "User's recent images"),
    Endpoint(
        "UserImageSearch",
        "Image",
        "Objects",
        "Search for user images",
        parameters=(
            text("q", None, "Search in titles, captions and keywords"),
            select("Order", "Popular", "Popular", "Oldest", "Newest"),
            select("MediaType", "All", "All", "Images", "Videos"),
        ),
    ),
    Endpoint("UserTopKeywords", "UserTopKeywords", "Object", "User's top keywords"),
    Endpoint("UrlPathLookup", "Folder,Album,Page", "Object", "Lookup user's folder, album, or page by path"),
    Endpoint("UserUploadLimits", "UserUploadLimits", "List", "User's upload limits"),
    Endpoint("UserAlbumTemplates", "AlbumTemplate", "Objects", "User's album templates"),
    Endpoint("UserTasks", "Task", "Objects", "User's tasks"),
    Endpoint("UserWatermarks", "Watermark", "Objects", "User's watermarks"),
    Endpoint("UserPrintmarks", "Printmark", "Objects", "User's printmarks"),
    Endpoint("UserContacts", "Contact", "Objects", "User's contacts"),
    Endpoint("UserGrants", "Grant", "Objects", "User's grants"),
    Endpoint("UserGuideStates", "UserGuideStates", "Object", "User's guides"),
    Endpoint("UserHideGuides", "UserHideGuides", "Object", "User's hidden guides"),
    Endpoint("UserCoupons", "Coupon", "Objects", "User's coupons"),
    Endpoint("UserLatestQuickNews", "UserLatestQuickNews", "List", "User's latest news"),
    Endpoint("UserAssetsAlbum", "Album", "Object", "User's album for site files"),
    Endpoint(
        "DuplicateImageSearch",
        "Image",
        "Objects",
        "Search for duplicate images",
        parameters=(Parameter("AlbumUri", "Uri", locators=("Album",)), text("FileName", None)),
    ),
    Endpoint("UserDeletedAlbums", "DeletedAlbum", "Objects", "User's deleted albums"),
    Endpoint("UserDeletedFolders", "DeletedFolder", "Objects", "User's deleted folders"),
    Endpoint("UserDeletedPages", "DeletedPage", "Objects", "User's deleted pages"),
    Endpoint("DeletedAlbum", "DeletedAlbum", "Object", "Deleted album"),
    Endpoint("DeletedFolder", "DeletedFolder", "Object", "Deleted folder"),
    Endpoint("DeletedPage", "DeletedPage", "Object", "Deleted page"),
    Endpoint("RecoverDeletedAlbum", "", "", "Recover a deleted album", writes=_ACTION),
    Endpoint("RecoverDeletedFolder", "", "", "Recover a deleted folder", writes=_ACTION),
    Endpoint("RecoverDeletedPage", "", "", "Recover a deleted page", writes=_ACTION),
    Endpoint("UnlockUser", "", "", "Unlock password-protected site", post=album_fields.UNLOCK, writes=_FREE),
    # -- nodes and folders
    Endpoint(
        "Node", "Node", "Object", "Node with the given id.", patch=node_fields.NODE_PATCH, writes=_EDITABLE
    ),
    Endpoint("ParentNode", "Node", "Object", "Parent node of the given node."),
    Endpoint(
        "ParentNodes",
        "Node",
        "Objects",
        "Hierarchy of nodes from the given node (inclusive) to the root node.",
        page=7,
        notes=_SINGLE_ARGS,
    ),
    Endpoint(
        "ChildNodes",
        "Node",
        "Objects",
        "Child nodes of the given node.",
        parameters=_CHILDREN,
        post=node_fields.NODE_POST,
        writes=_ACTION,
        notes=_SINGLE_ARGS,
    ),
    Endpoint("NodeCoverImage", "Image", "Object", "Cover image for a folder, album, or page"),
    Endpoint("HighlightImage", "Image", "Object", "Highlight image for a folder, album, or page"),
    Endpoint("NodeComments", "Comment", "Objects", "Comments on a Node"),
    Endpoint("NodeGrants", "Grant", "Objects", "Grants for this node."),
    Endpoint("MoveNodes", "", "", "Move nodes into this node", post=node_fields.MOVE_NODES, writes=_ACTION),
    Endpoint("NodeSearch", "Node", "Objects", "Search for nodes", parameters=_SEARCH, notes=_SINGLE_ARGS),
    Endpoint(
        "Folder",
        "Folder",
        "Object",
        "A folder or legacy (sub)category by UrlPath",
        patch=node_fields.FOLDER_PATCH,
        writes=_EDITABLE,
    ),
    Endpoint(
        "FolderByID",
        "Folder",
        "Object",
        "Get folder by its ID",
        patch=node_fields.FOLDER_PATCH,
        writes=_EDITABLE,
    ),
    Endpoint(
        "ParentFolders",
        "Folder",
        "Objects",
        "The sequence of parent folders, from the given folder to the root",
    ),
    Endpoint("ParentFolder", "Folder", "Object", "Parent folder"),
    Endpoint("FolderHighlightImage", "Image", "Object", "Highlight image for folder"),
    Endpoint(
        "Folders",
        "Folder",
        "Objects",
        "Folders inside of the folder",
        post=node_fields.FOLDER_POST,
        writes=_ACTION,
    ),
    Endpoint("FolderList", "FolderList", "List", "Recursive list of all of the user's folders"),
    Endpoint(
        "FolderAlbums",
        "Album",
        "Objects",
        "Albums inside of the folder",
        post=node_fields.FOLDER_ALBUM_POST,
        writes=_ACTION,
    ),
    Endpoint("AlbumList", "AlbumList", "List", "List of user's albums"),
    Endpoint("FolderSearch", "FolderByID", "Objects", "Search for folders", parameters=_SEARCH[:-1]),
    Endpoint("FolderPages", "Page", "Objects", "Pages inside of the folder"),
    Endpoint("Size", "Size", "Object", "Size of folder", parameters=(select("depth", "1", "1", "MAX"),)),
    # -- albums
    Endpoint(
        "Album",
        "Album",
        "Object",
        "Album by key",
        DOC + "album.html",
        patch=album_fields.ALBUM_PATCH,
        writes=_EDITABLE,
        notes=_ALBUM_NOTES,
    ),
    Endpoint("AlbumShareUris", "AlbumShareUris", "Object", "URIs that are useful for sharing"),
    Endpoint("AddSamplePhotos", "", "", "Add sample photos to Album", writes=_ACTION),
    Endpoint("AlbumHighlightImage", "AlbumImage", "Object", "Highlight image for album"),
    Endpoint(
        "AlbumImages",
        "AlbumImage",
        "Objects",
        "Images from album",
        page=100,
        parameters=(_FILE_NAMES,),
        writes=(("POST", "Add"),),
        notes=_SINGLE_ARGS,
    ),
    Endpoint("AlbumPopularMedia", "AlbumImage", "Objects", "Popular images from album"),
    Endpoint("AlbumGeoMedia", "AlbumImage", "Objects", "Geotagged images from album"),
    Endpoint("AlbumComments", "Comment", "Objects", "Comments on album"),
    Endpoint(
        "AlbumDownload", "Download", "Objects", "Download album", post=album_fields.DOWNLOAD, writes=_FREE
    ),
    Endpoint("AlbumPrices", "CatalogSkuPrice", "Objects", "Purchasable Skus"),
    Endpoint(
        "AlbumPricelistExclusions", "AlbumPricelistExclusions", "Object", "Pricelist information for an Album"
    ),
    Endpoint(
        "UnlockAlbum", "", "", "Unlock password-protected album", post=album_fields.UNLOCK, writes=_FREE
    ),
    Endpoint(
        "MoveAlbumImages", "", "", "Move images into album", post=album_fields.MOVE_IMAGES, writes=_ACTION
    ),
    Endpoint(
        "CollectImages", "", "", "Collect images into album", post=album_fields.COLLECT_IMAGES, writes=_ACTION
    ),
    Endpoint(
        "ApplyAlbumTemplate",
        "ApplyAlbumTemplate",
        "Object",
        "Apply an album template",
        post=album_fields.APPLY_TEMPLATE,
        writes=_ACTION,
    ),
    Endpoint(
        "DeleteAlbumImages", "", "", "Delete album images", post=album_fields.DELETE_IMAGES, writes=_ACTION
    ),
    Endpoint(
        "SortAlbumImages", "", "", "Sort images in album", post=album_fields.SORT_IMAGES, writes=_ACTION
    ),
    Endpoint(
        "UploadFromUri",
        "",
        "",
        "Upload a photo or video from elsewhere on the web",
        post=album_fields.UPLOAD_FROM_URI,
        writes=(("POST", "Add"),),
    ),
    Endpoint("AlbumGrants", "Grant", "Objects", "Grants for the Album"),
    Endpoint("AlbumSearch", "Album", "Objects", "Search for albums", parameters=_SEARCH, notes=_SINGLE_ARGS),
    # -- images
    Endpoint(
        "Image",
        "Image",
        "Object",
        "Image by key",
        DOC + "image.html",
        patch=image_fields.IMAGE_PATCH,
        writes=_EDITABLE,
        notes=_IMAGE_NOTES,
    ),
    Endpoint(
        "AlbumImage",
        "AlbumImage",
        "Object",
        "Image from album",
        patch=image_fields.IMAGE_PATCH,
        writes=_EDITABLE,
    ),
    Endpoint("ImageSearch", "Image", "Objects", "Search for images", parameters=_SEARCH, notes=_SINGLE_ARGS),
    Endpoint(
        "LargestImage",
        "LargestImage",
        "Object",
        "Largest size available for image",
        parameters=(select("MaxSize", None, *IMAGE_SIZES),),
    ),
    Endpoint(
        "LargestVideo",
        "LargestVideo",
        "Object",
        "Largest size available for video",
        parameters=(select("MaxSize", None, *VIDEO_SIZES),),
    ),
    Endpoint("ImageSizes", "ImageSizes", "Object", "Sizes available for image"),
    Endpoint("ImageSizeDetails", "ImageSizeDetails", "Object", "Detailed size information for image"),
    Endpoint("PointOfInterest", "PointOfInterest", "Object", "Point of interest for image"),
    Endpoint("PointOfInterestCrops", "PointOfInterestCrops", "List", "PointOfInterest Crops for image"),
    Endpoint("Regions", "Region", "Objects", "Regions for image"),
    Endpoint("ImageAlbums", "Album", "Objects", "Albums the image is included in"),
    Endpoint("ImageDownload", "ImageDownload", "Object", "Download image"),
    Endpoint("ImageComments", "Comment", "Objects", "Comments on image"),
    Endpoint("RotateImage", "", "", "Rotate an image", post=image_fields.ROTATE, writes=_ACTION),
    Endpoint("ColorImage", "ColorImage", "Object", "Color an image", writes=_ACTION),
    Endpoint("CopyImage", "", "", "Copy an image", post=image_fields.COPY, writes=_ACTION),
    Endpoint("CropImage", "", "", "Crop an image", post=image_fields.CROP, writes=_ACTION),
    Endpoint("WatermarkImage", "", "", "Watermark Image", post=image_fields.WATERMARK, writes=_ACTION),
    Endpoint("ImageMetadata", "ImageMetadata", "Object", "Metadata for image"),
    Endpoint("ImagePrices", "CatalogSkuPrice", "Objects", "Purchasable Skus"),
    Endpoint(
        "ImagePricelistExclusions", "ImagePricelistExclusions", "Object", "Pricelist information for an image"
    ),
    Endpoint(
        "AlbumImagePricelistExclusions",
        "AlbumImagePricelistExclusions",
        "Object",
        "Pricelist information for an album image",
    ),
    Endpoint("AlbumImageMetadata", "AlbumImageMetadata", "Object", "Metadata for AlbumImage"),
    Endpoint("AlbumImageShareUris", "AlbumImageShareUris", "Object", "URIs that are useful for sharing"),
    Endpoint("EmbedVideo", "EmbedVideo", "Object", "Embed code for video"),
    Endpoint("CSMILVideo", "CSMILVideo", "Object", "Streaming description of video"),
    Endpoint("Page", "Page", "Object", "Page by id"),
)

ENDPOINTS: Final = {endpoint.name: endpoint for endpoint in _ALL}


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
