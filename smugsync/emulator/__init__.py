"""A small SmugMug for `smugsync demo`, `smugsync emulator` and the tests.

==================  ======================================================================================
who is asked        what it answers
==================  ======================================================================================
emulator, serve     the emulator as one object; the same on a socket
application         from a connection to a request, and from a response to the connection
transport           the same without a network, for clients that are built on httpx
certificates        https by an authority of its own
hosts               by which names clients know this server
messages            a request and a response as values
settings, switches  what it is started with; how it behaves where the service is uncertain
faults, tampering   what goes wrong, and how
control, edits      `/_emulator/`: tests look behind the scenes and change the account
counters            what was asked how often
opening             the account to start with: filled anew, or as a state file has it
keeper, statefile   where uploads stay; the account in a file, edit by edit
database, codec     that file; objects as JSON
model, places       the state: nodes, albums, images; finding them by key or path
tree                every edit of nodes; what was deleted and can be recovered
usage               how much is in a part of an account
holdings            images: found by key, held by albums, put away with a deleted one
account             every edit of albums and images, and the time stamps it moves
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
*_fields            the fields that writes take, and where the model keeps them
node_changes        from the fields of a write to an edit of the tree; who may
album_changes       the same for albums and the images in them; `image_changes` for images
album_download      an album as `archive`s that are put together while they are read
upload_from_uri     an image from an address of this server
words               keywords as text and as array
addresses           what an address in a field names
searching           what searches find, for a viewer
containers, albums  how users, nodes, folders and albums are shown
photos, renditions  how images are shown, and what is made of them
view, finding       what a viewer may see; finding it
gatekeeper, proof   who sent a request; whether its signature holds
registry            applications, what they were granted, their tokens
sign_in, pending    how a token is come by; sign-ins under way
pages               what a person sees of it
shape               an answer of objects, links, expansions and pages
sizes, scaling      in which sizes an image is shown, at which addresses; making them
metadata            what the camera wrote, as a table
host                the bytes behind the addresses
receive, request    an upload from its first check to an image; what its headers ask
spooling, body      its bytes, from the socket to a file; the file in a form
formats, conversion which files are taken; what is made of HEIC and of films
replies             what the upload host answers, and by which codes
names               keys and address names
==================  ======================================================================================

Nothing of smugsync but its command line and its tests imports this package, and it imports nothing of them.
"""
