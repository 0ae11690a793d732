"""The older JSON APIs, 1.2.0 to 1.3.0: a second mouth of the same account.

==================  ======================================================================================
service, methods    a call and its answer; every method there is, since when, and what it takes to be let
addresses, versions which requests are calls; what differs between the versions
arguments, answers  what a call says; how an answer is written; `failures`: codes and messages
calls               a call with everything its method needs
signin              who calls; `sessions` and `passwords` of those who log in
login, tokens       the methods of sessions; those of OAuth, and its older addresses
numbers             the ids that stand for keys
places              categories and subcategories, out of the folders; `category_methods`
settings            an album's settings by their older names
albums, images      how they are shown; `*_reading` and `*_changes` are their methods
tree, extras        users and their trees; lists in which nothing ever is
pictures, times     addresses of pictures and pages, and the bytes behind them; the service's wall clock
exif                what a camera wrote, in the older words
uploading, forms    the older ways of the upload host; `heads`: what HTTP has no place for, and clients sent
==================  ======================================================================================

What an upload becomes, what a viewer may see and which edit moves which time stamp is decided in the
account and in `api.view`, for this API as for the newer one.
"""
