"""Run by the clients' own interpreter: leads a client to other addresses, then gives it the command line.

`elsewhere.py CLIENT READY_FILE [ARGUMENT…]`; READY_FILE holds the line that `smugsync emulator` prints.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
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


def run_pysmug(ready: dict[str, str], arguments: list[str]) -> None:
    """A library of 2008: `VERSION WAY STEPS`, where WAY is password, hash or anonymously; or `tests` for its
    own. STEPS are as those of smugpy, and a failure is an answer; the step `batch` is given steps, which run
    together, each answered by what was asked and what was told. The addresses are the service's: it is curl
    that is led elsewhere."""
    import pycurl  # type: ignore[import-untyped]  # noqa: PLC0415
    import pysmug  # type: ignore[import-not-found]  # noqa: PLC0415
    from pysmug import smugmug  # noqa: PLC0415

    # What it knew as a StringIO held bytes.
    smugmug.io = SimpleNamespace(StringIO=io.BytesIO)
    here = urlsplit(ready["legacy_url"])
    connect = smugmug.SmugBase._new_connection

    def led(client: Any, url: str, given: dict[str, Any]) -> Any:
        connection = connect(client, url, given)
        connection.setopt(pycurl.CONNECT_TO, [f"::{here.hostname}:{here.port}"])
        connection.setopt(pycurl.TIMEOUT, 30)
        return connection

    smugmug.SmugBase._new_connection = led
    if arguments[0] == "tests":
        _run_tests_of_pysmug(ready)
        return
    version, way, steps = arguments
    client = pysmug.SmugTool(version=version, secure=here.scheme == "https")
    key = {"APIKey": ready["api_key"]}
    if way == "anonymously":
        client.login_anonymously(**key)
    else:
        asked = client._make_handler("login_withPassword")
        told = asked(SessionID=None, emailAddress=ready["email"], password=ready["password"], **key)["Login"]
        client.sessionId = told["Session"]["id"]
        if way == "hash":
            client.login_withHash(userId=told["User"]["id"], passwordHash=told["PasswordHash"], **key)
    print(json.dumps(list(_take(client, json.loads(steps), pysmug.SmugMugException)), default=str))


def _take(client: Any, steps: list[Any], failure: type[Exception]) -> Iterator[Any]:
    for name, given in steps:
        if name == "batch":
            batch = client.batch()
            for step, what in given:
                getattr(batch, step)(**what)
            yield list(batch())
        else:
            try:
                answer = getattr(client, name)(**given)
                yield list(answer) if isinstance(answer, Iterator) else answer
            except failure as error:
                yield {"exception": error, "code": vars(error)["code"]}


def _run_tests_of_pysmug(ready: dict[str, str]) -> None:
    """Prints the names of those that pass, and fails with the first that does not."""
    lines = ["[pysmug]", "login=login_withPassword", "[login_withPassword]"]
    lines += [f"APIKey={ready['api_key']}", f"emailAddress={ready['email']}", f"password={ready['password']}"]
    Path.home().joinpath(".pysmugrc").write_text("\n".join(lines))
    from pysmug.tests import test_smugmug  # type: ignore[import-not-found]  # noqa: PLC0415

    test_smugmug.setup()
    for name, test in list(vars(test_smugmug).items()):
        if name.startswith("test_"):
            test()
            print(name)


if __name__ == "__main__":
    _, client, file, *rest = sys.argv
    clients = {
        "smugcli": run_smugcli,
        "gallery-dl": run_gallery_dl,
        "smugpy": run_smugpy,
        "pysmug": run_pysmug,
    }
    clients[client](json.loads(Path(file).read_text()), rest)
