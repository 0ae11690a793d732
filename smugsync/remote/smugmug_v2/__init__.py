"""SmugMug API v2."""
