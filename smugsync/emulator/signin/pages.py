"""The pages a person sees when an application asks to be let in. Plain HTML, no script.

They stand in for the service's own, which want a password; the emulator has none, so that the person says
instead whose account it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Final
from urllib.parse import urlsplit

from smugsync.emulator.messages import Response
from smugsync.emulator.signin.registry import Grant, Token
from smugsync.emulator.switches import Access, Permissions

ACCESS_WORDS: Final[dict[Access, str]] = {
    "Public": "See what everybody may see: public galleries and photos.",
    "Full": "See everything, private galleries and originals included.",
}
PERMISSION_WORDS: Final[dict[Permissions, str]] = {
    "Read": "Only look: it cannot change anything.",
    "Add": "Add folders, galleries, photos and videos, but change or delete nothing.",
    "Modify": "Add, change and delete folders, galleries, photos and videos.",
}

_STYLE: Final = """
:root { color-scheme: light dark }
body { font: 1.1rem/1.5 system-ui, sans-serif; max-width: 36rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem; line-height: 1.25; overflow-wrap: anywhere }
button, select { font: inherit; padding: .4rem .8rem; margin: .25rem .5rem .25rem 0 }
output { font-size: 2.5rem; letter-spacing: .2em; font-family: monospace }
code { overflow-wrap: anywhere }
section { border-top: 1px solid; margin-top: 1.5rem }
footer { margin-top: 2.5rem; font-size: .9rem }
"""
_FOOTER: Final = (
    "This is smugsync’s emulator, not SmugMug. It asks for no password and guards no real account."
)
_HEADERS: Final = (
    ("Content-Type", "text/html; charset=utf-8"),
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
    ("Referrer-Policy", "no-referrer"),
)


@dataclass(frozen=True, slots=True)
class Question:
    """What the person is asked: the application's name and wish, and whose account it may be.

    `users` are the accounts to choose from, `user` the one that is chosen unless the person says
    otherwise, `earlier` what each has granted the application before. `fields` go back with the answer.
    """

    application: str
    access: Access
    permissions: Permissions
    users: Sequence[str]
    user: str
    callback: str
    earlier: Sequence[Grant]
    fields: Sequence[tuple[str, str]]
    action: str
    grants_page: str
    scale: float = 1


def ask_page(question: Question) -> Response:
    """The question, with two buttons."""
    name = escape(question.application)
    if len(question.users) > 1:
        options = "".join(
            f"<option{' selected' if user == question.user else ''}>{escape(user)}</option>"
            for user in question.users
        )
        whose = f'<p><label>The account: <select name="username">{options}</select></label></p>'
    else:
        whose = f"<p>The account: <strong>{escape(question.user)}</strong></p>"
    host = urlsplit(question.callback).netloc
    after = (
        "You will then see a code to type into the application."
        if question.callback == "oob"
        else f"You will then return to <strong>{escape(host)}</strong>."
    )
    body = f"""<h1>{name} asks to be let into your account</h1>
<form method="post" action="{escape(question.action)}">
{whose}
<p>It wants to:</p>
{_level(question.access, question.permissions)}
{"".join(_standing_notice(grant, question.grants_page) for grant in question.earlier)}
{"".join(_hidden(*pair) for pair in question.fields)}
<p>{after}</p>
<p><button name="decision" value="approve">Allow</button>
<button name="decision" value="refuse">Do not allow</button></p>
</form>"""
    return _page(200, f"Let {question.application} in?", body, scale=question.scale)


def code_page(application: str, grant: Grant, code: str) -> Response:
    """What an application without a callback is told by way of the person."""
    body = f"""<h1>Type this code into {escape(application)}</h1>
<p><output>{escape(code)}</output></p>
<p>The code is good for a few minutes. In the account {escape(grant.user)}, the application may then:</p>
{_level(grant.access, grant.permissions)}"""
    return _page(200, f"The code for {application}", body)


def refused_page(application: str) -> Response:
    body = f"""<h1>{escape(application)} was not let in</h1>
<p>Nothing was granted. You may close this window.</p>"""
    return _page(200, "Not let in", body)


def trouble_page(sentence: str, advice: str) -> Response:
    """400: the address led nowhere."""
    return _page(400, "This does not work", f"<h1>{escape(sentence)}</h1>\n<p>{escape(advice)}</p>")


def grants_page(
    grants: Iterable[tuple[Grant, str, tuple[Token, ...]]], *, action: str, proof: str
) -> Response:
    """Who was let in: each grant, its application's name and its tokens, with a button to revoke it."""
    parts = []
    for grant, application, tokens in grants:
        moment = datetime.fromtimestamp(grant.granted, UTC)
        since = f"{moment.day} {moment:%B %Y, %H:%M} UTC"
        shown = "".join(
            f"<dt>Access token</dt><dd><code>{escape(token.token)}</code></dd>"
            f"<dt>Its secret</dt><dd><code>{escape(token.secret)}</code></dd>"
            for token in tokens
        )
        parts.append(
            f"""<section>
<h2>{escape(application)}, in the account {escape(grant.user)}</h2>
<p>{"Handed out by the emulator itself" if grant.announced else "Granted"}, {since}. It may:</p>
{_level(grant.access, grant.permissions)}
<details><summary>Access tokens: {len(tokens)}</summary><dl>{shown}</dl></details>
<form method="post" action="{escape(action)}">{_hidden("grant", grant.id)}{_hidden("proof", proof)}
<p><button>Revoke {escape(application)}</button></p></form>
</section>"""
        )
    body = "<h1>Authorized services</h1>\n" + ("\n".join(parts) or "<p>No application is let in.</p>")
    return _page(200, "Authorized services", body)


def _level(access: Access, permissions: Permissions) -> str:
    return (
        f"<ul><li>{escape(ACCESS_WORDS[access])} <small>(Access={access})</small></li>"
        f"<li>{escape(PERMISSION_WORDS[permissions])} <small>(Permissions={permissions})</small></li></ul>"
    )


def _standing_notice(grant: Grant, page: str) -> str:
    return (
        f"<p><strong>{escape(grant.user)}</strong> has let this application in before, with"
        f" Access={grant.access} and Permissions={grant.permissions}. Allowing it again changes nothing"
        f' about that; to change it, revoke it first under <a href="{escape(page)}">Authorized'
        " services</a>.</p>"
    )


def _hidden(name: str, value: str) -> str:
    return f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'


def _page(status: int, title: str, body: str, *, scale: float = 1) -> Response:
    text = f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale={scale:g}">
<title>{escape(title)}</title>
<style>{_STYLE}</style>
</head>
<body>
<main>
{body}
</main>
<footer>{_FOOTER}</footer>
</body>
</html>
"""
    return Response(status, _HEADERS, text.encode())
