"""What the searches and the collections of a whole account find, for a viewer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from smugsync.emulator.account.model import Image, Node
from smugsync.emulator.api.view import View


def words_of(params: Mapping[str, str], *names: str) -> list[str]:
    """The words of the first of these parameters that is given; `Text` by default."""
    given = (params[name] for name in names or ("Text",) if params.get(name))
    return next(given, "").casefold().split()


def findable_nodes(view: View, places: Iterable[Node]) -> Iterator[Node]:
    """What is below those places and may be found; a place itself may be something unlisted. No roots."""
    for place in places:
        for node in place.walk():
            if node.parent is not None and (
                view.lists_everywhere(node) or (node is place and view.sees(node))
            ):
                yield node


def findable_images(
    view: View, places: Iterable[Node], fits: Callable[[Image], bool] = lambda _: True
) -> Iterator[Sequence[Image]]:
    """The images that are at home below those places, in albums that are open to the viewer, and that fit;
    album by album, in the order of the tree.

    Images that are made when asked are alike (see `synthetic`): of an album of those all fit, or none. So
    `fits` must not look at names and times.
    """
    for node in findable_nodes(view, places):
        album = node.album
        if album is None or view.locked(node):
            continue
        photos = album.photos
        if isinstance(photos, list):
            yield [i for i in photos if i.home == album.key and view.shows(i, node) and fits(i)]
        elif len(photos) and fits(photos[0]):
            yield photos


def says(image: Image, words: Sequence[str]) -> bool:
    """Whether all words are in its title, caption and keywords. A file name finds nothing (measured)."""
    text = " ".join((image.title, image.caption, *image.keywords)).casefold()
    return all(word in text for word in words)


def rank(node: Node, words: Sequence[str]) -> int:
    """How well the words fit: those in the name count most. 0 unless each is somewhere in its texts."""
    name = node.name.casefold()
    rest = " ".join((node.description, node.url_path, *node.keywords)).casefold()
    if not all(word in name or word in rest for word in words):
        return 0
    return sum(2 if word in name else 1 for word in words)


def search(nodes: Iterable[Node], params: Mapping[str, str]) -> list[Node]:
    """By `Text`, `SortMethod` and `SortDirection`. No Text finds all (one client lists everything so); what
    ranks equal is in the order of the tree."""
    words = words_of(params)
    ranked = [(rank(node, words), node) for node in nodes]
    found = [(fit, node) for fit, node in ranked if fit or not words]
    descending = params.get("SortDirection", "Descending") != "Ascending"
    if params.get("SortMethod") == "LastUpdated":
        found.sort(key=lambda entry: entry[1].modified, reverse=descending)
    else:
        found.sort(key=lambda entry: entry[0], reverse=descending)
    return [node for _, node in found]
