"""The API v2: from a request to the JSON the service would send."""
