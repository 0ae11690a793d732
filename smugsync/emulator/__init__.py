"""A small SmugMug for `smugsync demo`, `smugsync emulator` and the tests.

==================  ======================================================================================
who is asked        what it answers
==================  ======================================================================================
emulator, serve     the emulator as one object; the same on a socket
application         from a connection to a request, and from a response to the connection
transport           the same without a network, for clients that are built on httpx
certificates, hosts https by an authority of its own; by which names clients know this server
messages            a request and a response as values
settings, switches  what it is started with; how it behaves where the service is uncertain
control, counters   `/_emulator/`: tests look behind the scenes; what was asked how often
limits              how many requests are left
------------------  --------------------------------------------------------------------------------------
**account/**        **the account itself**
model, places       nodes, albums, images; finding them by key or path
tree                every edit of nodes; what was deleted and can be recovered
account, holdings   every edit of albums and images, and the time stamps it moves; who holds which image
edits, arguments    the same edits as JSON, for `/_emulator/`; what they are told, checked
usage               how much is in a part of an account
demo, library       an account to show; a directory as an account
synthetic           an account of any size
content, look       bytes to download; what is in them
names               keys and address names
------------------  --------------------------------------------------------------------------------------
**api/**            **from a request to the JSON the service would send**
service, routes     a request for the API; its address
negotiation         in which form the answer goes out; `encodings` besides JSON
query, wishes       pages; verbosity, filters, `_expand` and `_config`
shape               an answer of objects, links, expansions and pages
endpoints           every address, with the words the service describes it by: `place_` and `media_endpoints`
options             what an address says about itself: `parameters` it takes, `outputs` it gives
*_resources         what each address answers
*_fields, *_changes the fields that writes take; from them to an edit of the account, and who may
addresses, finding  what an address in a field names; what a request names, as far as the viewer may see it
searching, words    what searches find; keywords as text and as array
containers, albums  how users, nodes, folders and albums are shown
photos, renditions  how images are shown, and what is made of them: `sizes`, `metadata`
album_download      an album as archives; `upload_from_uri`: an image from an address of this server
view                what a viewer may see
------------------  --------------------------------------------------------------------------------------
**signin/**         **OAuth 1.0a**
gatekeeper, proof   who sent a request; whether its signature holds
registry            applications, what they were granted, their tokens
sign_in, pending    how a token is come by; sign-ins under way
pages               what a person sees of it
------------------  --------------------------------------------------------------------------------------
**upload/**         **from bytes to an image**
receive, request    an upload from its first check to an image; what its headers ask
spooling, body      its bytes, from the socket to a file; the file in a form
formats, conversion which files are taken; what is made of HEIC and of films
replies             what the upload host answers, and by which codes
------------------  --------------------------------------------------------------------------------------
**media/**          **photo and video files**: reading them, making them, scaling and serving them
**pixelpost/**      **a Pixelpost site**, whose photos are the account's JPEGs
**legacy/**         **the older APIs**, 1.2.0 to 1.3.0, of the same account; its own list says what is where
**faults/**         **what goes wrong**, and how
**state/**          **what survives a restart**: the account in a file, edit by edit, and its uploads
==================  ======================================================================================

Nothing of smugsync but its command line and its tests imports this package, and it imports nothing of them.
"""
