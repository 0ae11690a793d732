"""How long the installed command takes, beside what the same machine does in the same minutes.

Each round measures every contestant of a scenario once, in an order that rotates, and checks its result off
the clock. Ratios are taken to the baseline (the first line) of the same round: below 1 is less than it
took. Figures are medians (least–greatest). What they cannot say:

- Client and servers share the cores: "server CPU" is what the servers burnt meanwhile. The emulator is
  Python: its answers cost more here than a client sees of a real service, and only smugsync asks for them.
- The machine may have other users. Trust ratios first, CPU second, seconds last.
- Loopback has no round trip, no loss and no TLS; a real line is slower, and HTTPS costs CPU as well.
- Sources lie in the page cache, and what curl wrote may lie there still when the clock stops. smugsync syncs
  its files (durability "batch", the default); "no fsync" is the same command told not to.
- curl is told the addresses and proves nothing; md5sum reads what curl wrote out of the page cache.
- Whole processes by wait4, interpreter start and imports included. RSS is that of a contestant's largest
  process, and none is seen smaller than this harness.
- Synthetic accounts are regular: albums of one size, short names, photos without captions.
"""
