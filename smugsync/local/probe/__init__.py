"""What a disk can do, found by trying it out in a scratch directory."""
