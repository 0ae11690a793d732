"""The MD5 of each file whose path a line of `names` gives.

`python -m benchmarks.programs.fetching HOST:PORT THREADS`

The product's own way for media (Session, DirectTransport) over plain HTTP; nothing is written to the disk.
Prints what md5sum would.
"""

from __future__ import annotations

import hashlib
import queue
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from smugsync.remote.dialect import Auth, Call, Reply
from smugsync.remote.hosts import Hosts
from smugsync.remote.session import Session
from smugsync.remote.transport import DirectTransport
from smugsync.stop import Stop


class _Plain:
    """A service without an opinion: an answer that is no file is an error by its status alone."""

    def failure(self, reply: Reply, call: Call) -> None:
        return None


def main(host: str, threads: int) -> None:
    session = Session(DirectTransport(), Hosts(["http://127.0.0.1"], media_hosts=[host]), None, Stop())
    names: queue.SimpleQueue[str] = queue.SimpleQueue()
    for name in Path("names").read_text().splitlines():
        names.put(name)

    def work() -> list[str]:
        found: list[str] = []
        while True:
            try:
                name = names.get_nowait()
            except queue.Empty:
                return found
            md5 = hashlib.md5(usedforsecurity=False)
            with session.stream(Call("GET", f"http://{host}/{name}", auth=Auth.NONE), _Plain()) as body:
                for view in body:
                    md5.update(view)
            found.append(f"{md5.hexdigest()}  {name}")

    with ThreadPoolExecutor(threads) as pool:
        for one in [pool.submit(work) for _ in range(threads)]:
            print("\n".join(one.result()))
    session.close()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
