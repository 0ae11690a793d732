"""`python -m smugsync` is the `smugsync` command."""

from __future__ import annotations

import sys

from smugsync.cli import main

if __name__ == "__main__":
    sys.exit(main())
