"""Photo and video files: reading them, making them, serving them."""
