"""Draw the README's pictures: run `smugsync demo` on a terminal, and keep its screen as SVG.

Not part of the program and not of its environment; CONTRIBUTING.md says how to run it. The screen is
drawn as the program left it, at two moments: when the fourth step begins, and at the end.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
from pathlib import Path

import pyte
from pyte.screens import Char
from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.style import Style
from rich.text import Text

COLUMNS, ROWS = 92, 47  # the second picture then begins with a heading
PAUSE = "4. Captions, too"  #: where the first picture ends
DOCS = Path(__file__).parent
#: Without the fonts that rich would have the reader's browser fetch from elsewhere.
FORMAT = re.sub(r"@font-face \{\{.*?\}\}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL).replace(
    "Fira Code", "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas"
)
COLOURS = {"brown": "yellow"}  # what pyte calls the third of the eight colours


def main() -> None:
    """Run the demo in `directory`, whose name is seen in the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", type=Path, help="the installed command, .venv/bin/smugsync")
    parser.add_argument("directory", type=Path, help="where the demo is run; created if missing")
    given = parser.parse_args()
    given.directory.mkdir(parents=True, exist_ok=True)
    output = record([str(given.command.resolve()), "demo", "--fresh"], given.directory)
    draw(output.partition(PAUSE)[0], DOCS / "demo.svg")
    draw(output, DOCS / "demo-end.svg")


def record(command: list[str], directory: Path) -> str:
    """Everything the command writes to a terminal of our size. Raises CalledProcessError if it fails."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    environ = {"PATH": os.defpath, "LANG": "C.UTF-8", "TERM": "xterm-256color"}
    process = subprocess.Popen(command, cwd=directory, env=environ, stdout=theirs, stderr=theirs)  # noqa: S603
    os.close(theirs)
    read = b""
    while True:
        try:
            read += os.read(ours, 65536)
        except OSError:  # the command has ended
            break
    if code := process.wait():
        raise subprocess.CalledProcessError(code, command, read)
    return read.decode()


def draw(output: str, path: Path) -> None:
    """The screen after `output`, as a picture."""
    screen = pyte.Screen(COLUMNS, ROWS)
    # The heading's colour has begun when the output is cut.
    pyte.Stream(screen).feed(output.rstrip("\x1b[0123456789;m") + "\x1b[0m")
    lines = [styled(screen, row) for row in range(ROWS)]
    while lines and not lines[-1].plain.strip():
        lines.pop()
    while lines and not lines[0].plain.strip():
        lines.pop(0)
    with Path(os.devnull).open("w") as nowhere:
        console = Console(record=True, width=COLUMNS, file=nowhere, force_terminal=True, legacy_windows=False)
        for line in lines:
            console.print(line, no_wrap=True, overflow="ignore", crop=False)
        console.save_svg(str(path), title="smugsync demo", unique_id=path.stem, code_format=FORMAT)


def styled(screen: pyte.Screen, row: int) -> Text:
    text = Text()
    for column in range(COLUMNS):
        cell: Char = screen.buffer[row][column]
        colour = None if cell.fg == "default" else COLOURS.get(cell.fg, cell.fg)
        text.append(cell.data, Style(color=colour, bold=cell.bold))
    text.rstrip()
    return text


if __name__ == "__main__":
    main()
