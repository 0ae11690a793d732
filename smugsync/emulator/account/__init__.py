"""The account itself: its places, its images, their bytes, and every edit."""
