"""The addresses of albums and images."""

from __future__ import annotations

from typing import Final

from smugsync.emulator.api import album_fields, image_fields
from smugsync.emulator.api.endpoint import ACTION, DOC, EDITABLE, FREE, SEARCH, SINGLE, Endpoint
from smugsync.emulator.api.parameters import select, text

#: What `MaxSize` of the largest picture and of the largest film may say (facts 3.5).
IMAGE_SIZES: Final = tuple(
    f"ImageSize{name}"
    for name in "Tiny Thumb Small Medium Large XLarge X2Large X3Large X4Large X5Large 4K 5K Original".split()
)
VIDEO_SIZES: Final = tuple(f"VideoSize{edge}" for edge in (1920, 1280, 960, 640, 320))

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

MEDIA: Final = (
    # -- albums
    Endpoint(
        "Album",
        "Album",
        "Object",
        "Album by key",
        DOC + "album.html",
        patch=album_fields.ALBUM_PATCH,
        writes=EDITABLE,
        notes=_ALBUM_NOTES,
    ),
    Endpoint("AlbumShareUris", "AlbumShareUris", "Object", "URIs that are useful for sharing"),
    Endpoint("AddSamplePhotos", "", "", "Add sample photos to Album", writes=ACTION),
    Endpoint("AlbumHighlightImage", "AlbumImage", "Object", "Highlight image for album"),
    Endpoint(
        "AlbumImages",
        "AlbumImage",
        "Objects",
        "Images from album",
        page=100,
        parameters=(_FILE_NAMES,),
        writes=(("POST", "Add"),),
        notes=SINGLE,
    ),
    Endpoint("AlbumPopularMedia", "AlbumImage", "Objects", "Popular images from album"),
    Endpoint("AlbumGeoMedia", "AlbumImage", "Objects", "Geotagged images from album"),
    Endpoint("AlbumComments", "Comment", "Objects", "Comments on album"),
    Endpoint(
        "AlbumDownload", "Download", "Objects", "Download album", post=album_fields.DOWNLOAD, writes=FREE
    ),
    Endpoint("AlbumPrices", "CatalogSkuPrice", "Objects", "Purchasable Skus"),
    Endpoint(
        "AlbumPricelistExclusions", "AlbumPricelistExclusions", "Object", "Pricelist information for an Album"
    ),
    Endpoint("UnlockAlbum", "", "", "Unlock password-protected album", post=album_fields.UNLOCK, writes=FREE),
    Endpoint(
        "MoveAlbumImages", "", "", "Move images into album", post=album_fields.MOVE_IMAGES, writes=ACTION
    ),
    Endpoint(
        "CollectImages", "", "", "Collect images into album", post=album_fields.COLLECT_IMAGES, writes=ACTION
    ),
    Endpoint(
        "ApplyAlbumTemplate",
        "ApplyAlbumTemplate",
        "Object",
        "Apply an album template",
        post=album_fields.APPLY_TEMPLATE,
        writes=ACTION,
    ),
    Endpoint(
        "DeleteAlbumImages", "", "", "Delete album images", post=album_fields.DELETE_IMAGES, writes=ACTION
    ),
    Endpoint("SortAlbumImages", "", "", "Sort images in album", post=album_fields.SORT_IMAGES, writes=ACTION),
    Endpoint(
        "UploadFromUri",
        "",
        "",
        "Upload a photo or video from elsewhere on the web",
        post=album_fields.UPLOAD_FROM_URI,
        writes=(("POST", "Add"),),
    ),
    Endpoint("AlbumGrants", "Grant", "Objects", "Grants for the Album"),
    Endpoint("AlbumSearch", "Album", "Objects", "Search for albums", parameters=SEARCH, notes=SINGLE),
    # -- images
    Endpoint(
        "Image",
        "Image",
        "Object",
        "Image by key",
        DOC + "image.html",
        patch=image_fields.IMAGE_PATCH,
        writes=EDITABLE,
        notes=_IMAGE_NOTES,
    ),
    Endpoint(
        "AlbumImage",
        "AlbumImage",
        "Object",
        "Image from album",
        patch=image_fields.IMAGE_PATCH,
        writes=EDITABLE,
    ),
    Endpoint("ImageSearch", "Image", "Objects", "Search for images", parameters=SEARCH, notes=SINGLE),
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
    Endpoint("RotateImage", "", "", "Rotate an image", post=image_fields.ROTATE, writes=ACTION),
    Endpoint("ColorImage", "ColorImage", "Object", "Color an image", writes=ACTION),
    Endpoint("CopyImage", "", "", "Copy an image", post=image_fields.COPY, writes=ACTION),
    Endpoint("CropImage", "", "", "Crop an image", post=image_fields.CROP, writes=ACTION),
    Endpoint("WatermarkImage", "", "", "Watermark Image", post=image_fields.WATERMARK, writes=ACTION),
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
