"""Each fault at each step of a run, against the installed command.

`matrix.py` is the table: one line per fault. `operations.py` says what the runs have to do (a first mirror,
a day's changes, ...). A *trial* takes one mirror back to the same moment, runs the command with one fault at
one step, ends the fault, and runs a plain `smugsync sync` until all is well. `judge.py` holds what must be
true after the fault and in the end; it asks sqlite3, md5sum and the account, never the command.

::

    make soak                                            every trial, and the table of what was tried
    python -m tests.faults                               the same, without the other long runs
    python -m tests.faults --list                        faults, operations, and what this machine lacks
    python -m tests.faults --fault "killed" --operation changes --point "renameat2 mirror/Alpha 2"

`make test` tries a few steps of each kind (`test_matrix.py`), and sees that broken builds of the command are
found out (`test_mutants.py`).
"""
