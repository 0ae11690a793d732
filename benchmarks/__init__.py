"""How long the installed command takes, beside what the same machine does in the same minutes.

Each round measures every contestant of a scenario once, in an order that rotates, and checks its result off
the clock. Ratios are taken to the baseline (the first line) of the same round. What the figures cannot say
stands in docs/performance.md, above what was measured.

`scenarios/` is what is played, `stage/` what it is played on, `programs/` who takes part beside the command
and the tools of others; `scenario` and `figures` are what these are made of, `processes` runs and measures
one contestant, `playing` all of them in rounds; `telling` says what came of it, and `page/` writes it down.
"""
