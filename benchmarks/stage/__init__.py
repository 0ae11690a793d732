"""What a scenario is played on.

`needs` what has to be there, and `tools` how it comes there; `files` what is moved, `grown` mirrors that took
no days to make; `servers` nginx, and lines that `delay` a connection, whose notes `spells` reads; `machine`
where, and `others` in what company it was measured.
"""
