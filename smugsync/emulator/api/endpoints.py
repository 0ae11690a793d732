"""Every address the service is known to offer."""

from __future__ import annotations

from typing import Final

from smugsync.emulator.api.endpoint import SINGLE_ARGS, Endpoint, link
from smugsync.emulator.api.media_endpoints import IMAGE_SIZES, MEDIA, VIDEO_SIZES
from smugsync.emulator.api.place_endpoints import PLACES

__all__ = ["ENDPOINTS", "IMAGE_SIZES", "SINGLE_ARGS", "VIDEO_SIZES", "Endpoint", "link"]

#: By name.
ENDPOINTS: Final = {endpoint.name: endpoint for endpoint in (*PLACES, *MEDIA)}
