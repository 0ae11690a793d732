"""Run by the clients' own interpreter: leads a client to other addresses, then gives it the command line.

`elsewhere.py CLIENT READY_FILE [ARGUMENT…]`; READY_FILE holds the line that `smugsync emulator` prints.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit


def run_smugcli(ready: dict[str, str], arguments: list[str]) -> None:
    # Each is there only in an environment of its own.
    from smugcli import smugcli_commands, smugmug, smugmug_oauth  # type: ignore[import-not-found]  # noqa: PLC0415

    places: Any = smugmug_oauth
    places.OAUTH_ORIGIN = places.API_ORIGIN = ready["oauth_url"]
    for name, action in (
        ("REQUEST_TOKEN_URL", "getRequestToken"),
        ("ACCESS_TOKEN_URL", "getAccessToken"),
        ("AUTHORIZE_URL", "authorize"),
    ):
        setattr(places, name, f"{ready['oauth_url']}/services/oauth/1.0a/{action}")
    smugmug.API_ROOT, smugmug.API_UPLOAD = ready["api_url"], ready["upload_url"]
    smugcli_commands.run(arguments)


def run_gallery_dl(ready: dict[str, str], arguments: list[str]) -> None:
    import gallery_dl  # type: ignore[import-not-found]  # noqa: PLC0415
    from gallery_dl.extractor.smugmug import SmugmugAPI  # type: ignore[import-not-found]  # noqa: PLC0415

    SmugmugAPI._call.__defaults__ = (None, urlsplit(ready["api_url"]).netloc)
    sys.argv[1:] = arguments
    sys.exit(gallery_dl.main())


def run_smugpy(ready: dict[str, str], arguments: list[str]) -> None:
    """A library without a command line: `VERSION WAY STEPS`, where WAY is session, oauth, key or signing in.
    STEPS is JSON, names of its methods with what they are given. Answers are printed as JSON. The step
    `approve` is a person's yes."""
    import smugpy  # type: ignore[import-not-found]  # noqa: PLC0415

    version, way, steps = arguments
    asks: Any = smugpy.urlopen

    def led(request: Any) -> Any:
        """The client signs the service's own addresses, and keeps to that."""
        parts = urlsplit(request.full_url)
        request.full_url = ready["legacy_url"] + parts.path + (f"?{parts.query}" if parts.query else "")
        return asks(request, timeout=30)

    smugpy.urlopen = led
    secret = ready["api_secret"] if way in ("oauth", "signing in") else None
    client = smugpy.SmugMug(ready["api_key"], secret, version, app_name="peer")
    if way == "session":
        client.login_withPassword(EmailAddress=ready["email"], Password=ready["password"])
    elif way == "oauth":
        client.set_oauth_token(ready["access_token"], ready["access_token_secret"])
    answers = []
    for name, given in json.loads(steps):
        if name == "approve":
            with led(smugpy.urlrequest.Request(client.authorize(**given))) as page:
                answers.append(page.status)
        else:
            answers.append(getattr(client, name)(**given))
    print(json.dumps(answers))


if __name__ == "__main__":
    _, client, file, *rest = sys.argv
    clients = {"smugcli": run_smugcli, "gallery-dl": run_gallery_dl, "smugpy": run_smugpy}
    clients[client](json.loads(Path(file).read_text()), rest)
