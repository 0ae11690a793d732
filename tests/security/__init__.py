"""What is held against whom. `pytest tests/security --collect-only -q` prints the promises one by one.

- `test_names`: names from the service, on the disk and on the terminal
- `test_links`: what others plant in the mirror: links, pipes, devices
- `test_reach`: what every command touches on the disk, as the kernel saw it
- `test_addresses`: addresses in answers, redirects, and who sees credentials
- `test_bombs`: answers without measure: memory, time and requests are bounded
- `test_nonsense`: values of the wrong kind in any field of an answer
- `test_secrets`: secrets at rest: whose files they are, and which are refused
- `test_redaction`: secrets are said by nobody, whatever goes wrong
- `test_catalogue`: hostile text in the catalogue, and a catalogue that others wrote into

The threat model they follow is in docs/security.md.
"""
