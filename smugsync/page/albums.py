"""The albums on the page: some of them at a time, found by a word, without a script."""

from __future__ import annotations

from collections.abc import Callable

from smugsync.page.facts import AlbumLine, AlbumPage, Facts
from smugsync.page.markup import Markup, joined, name, tag
from smugsync.page.telling import plural
from smugsync.progress import size


def albums_section(facts: Facts, link: Callable[[int], str]) -> Markup | None:
    """`link` gives the address of page n."""
    if facts.totals is None:
        return None
    page = facts.albums
    found = plural(page.total, "album") + (" found" if page.query else "")
    return tag(
        "section",
        tag("div", tag("h2", "Albums", id="albums"), tag("span", found, class_="dim"), class_="head"),
        _search(facts),
        _table(page) if page.lines else tag("p", _nothing(page), class_="dim"),
        _pages(page, link),
        aria_labelledby="albums",
    )


def _nothing(page: AlbumPage) -> str:
    return "No album has this in its name or folder." if page.query else "There is none."


def _search(facts: Facts) -> Markup:
    return tag(
        "form",
        tag("input", type="hidden", name="profile", value=facts.subject.profile),
        tag(
            "input",
            type="search",
            name="q",
            value=facts.albums.query,
            maxlength=200,
            placeholder="Name or folder",
            aria_label="Find albums by name or folder",
        ),
        tag("button", "Find", type="submit"),
        action="/#albums",
        method="get",
        role="search",
    )


def _table(page: AlbumPage) -> Markup:
    head = tag(
        "tr",
        tag("th", "Album", scope="col"),
        tag("th", "Photos", scope="col", class_="n"),
        tag("th", "Size", scope="col", class_="n"),
    )
    return tag("table", tag("thead", head), tag("tbody", *(_row(line) for line in page.lines)))


def _row(line: AlbumLine) -> Markup:
    title = line.name or line.directory
    where = tag("div", name(line.directory), class_="dim") if line.directory != title else None
    return tag(
        "tr",
        tag("th", name(title), where, _tags(line), scope="row"),
        tag("td", f"{line.held:,}", class_="n"),
        tag("td", size(line.size) if line.held else "", class_="n"),
    )


def _tags(line: AlbumLine) -> Markup | None:
    found = [
        ("calm", "gone online" if line.state == "gone" else ""),
        ("warn", line.reason or "not readable" if line.state == "frozen" else ""),
        ("warn", f"{line.failing:,} failing" if line.failing else ""),
        ("busy", f"{line.waiting:,} to fetch" if line.waiting else ""),
        ("calm", f"{line.withheld:,} withheld" if line.withheld else ""),
        ("calm", f"{line.gone:,} gone online" if line.gone and line.state != "gone" else ""),
    ]
    chips = [tag("span", text, class_=f"chip {tone}") for tone, text in found if text]
    return tag("div", *chips, class_="tags") if chips else None


def _pages(page: AlbumPage, link: Callable[[int], str]) -> Markup | None:
    if page.pages == 1 and page.number == 1:
        return None
    number = min(page.number, page.pages + 1)
    before = tag("a", "← Before", href=link(number - 1), rel="prev") if number > 1 else tag("span")
    after = tag("a", "Next →", href=link(number + 1), rel="next") if number < page.pages else tag("span")
    where = tag("span", joined("Page ", page.number, " of ", page.pages), class_="dim")
    return tag("nav", before, where, after, class_="pages", aria_label="Pages of albums")
