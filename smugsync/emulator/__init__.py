"""A small SmugMug for `smugsync demo`, `smugsync emulator` and the tests.

==================  ======================================================================================
who is asked        what it answers
==================  ======================================================================================
emulator, serve     the emulator as one object; the same on a socket
messages            a request and a response as values
settings, switches  what it is started with; how it behaves where the service is uncertain
faults, tampering   what goes wrong, and how
control, edits      `/_emulator/`: tests look behind the scenes and change the account
counters            what was asked how often
model, tree         the state: nodes, albums, images; their places
account             every edit, and the time stamps it moves
demo, library       an account to show; a directory as an account
synthetic           an account of any size
content, look       bytes to download; what is in them
media, pictures     reading photo and video files; making them
limits              how many requests are left
service, routes     a request for the API; its address
negotiation         in which form the answer goes out; `encodings` besides JSON
query, wishes       pages; verbosity, filters, `_expand` and `_config`
endpoints, options  the words the service describes itself by
parameters, outputs the fields of a write; the fields of an answer
*_resources         what each address answers
containers, albums  how users, nodes, folders and albums are shown
photos, renditions  how images are shown, and what is made of them
view, finding       what a viewer may see; finding it
gatekeeper, proof   who sent a request; whether its signature holds
registry            applications, what they were granted, their tokens
sign_in, pending    how a token is come by; sign-ins under way
pages               what a person sees of it
shape               an answer of objects, links, expansions and pages
media_host          the addresses of the bytes
names               keys and address names
==================  ======================================================================================

Nothing of smugsync but its command line and its tests imports this package, and it imports nothing of them.
"""
