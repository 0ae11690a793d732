"""The command line: one module per command. Only this package prints, and only it exits."""

from __future__ import annotations

import contextlib
import os
import resource
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence

import click

from smugsync import errors
from smugsync.cli.frame import make_app
from smugsync.cli.invocation import Invocation

#: In the order of the help. A command's module is imported when the command is called.
COMMANDS = {
    "init": ("smugsync.cli.init:init", "Set up the mirror of an account."),
    "auth": ("smugsync.cli.auth.command:auth", "Sign in to SmugMug, say who is signed in, sign out."),
    "sync": ("smugsync.cli.sync:sync", "Bring the mirror up to date."),
    "upload": ("smugsync.cli.upload:upload", "Send local files that SmugMug does not have."),
    "run": ("smugsync.cli.run:run", "Keep the mirror current: the daemon, in the foreground."),
    "sync-now": ("smugsync.cli.control:sync_now", "Ask the daemon for a sync, and do not wait."),
    "pause": ("smugsync.cli.control:pause", "Have the daemon do nothing for a while."),
    "resume": ("smugsync.cli.control:resume", "Have a paused daemon go on."),
    "plan": ("smugsync.cli.sync:plan", "Say what sync would do, and change nothing."),
    "verify": ("smugsync.cli.verify.command:verify", "Read the mirror again, and prove or mend it."),
    "fsck": ("smugsync.cli.fsck:fsck", "Compare the catalogue with the disk; rebuild it."),
    "adopt": ("smugsync.cli.adopt:adopt", "Take over photos that are here already, and fetch the rest."),
    "status": ("smugsync.cli.status.command:status", "Show what is mirrored, what is missing, and why."),
    "ls": ("smugsync.cli.status.command:ls", "List the mirrored albums, or the files of one."),
    "resolve": ("smugsync.cli.resolve:resolve", "List what waits for your decision, and decide."),
    "history": ("smugsync.cli.history:history", "Show what every run did."),
    "undo": ("smugsync.cli.undo:undo", "Put back what a run set aside."),
    "trash": ("smugsync.cli.trash:trash", "Look through what was set aside, restore it, or delete it."),
    "export": ("smugsync.cli.export:export", "Write lists of the mirror for other programs."),
    "remote": ("smugsync.cli.remote:remote", "Move a mirror to another interface of the same account."),
    "config": ("smugsync.cli.config:config", "Show or check the configuration."),
    "doctor": ("smugsync.cli.doctor.command:doctor", "Look for what is wrong, and say what to do about it."),
    "install-units": (
        "smugsync.cli.units.command:install_units",
        "Install services of systemd that fit the configuration.",
    ),
    "demo": ("smugsync.cli.demo.command:demo", "Mirror a demo account on this machine, to see how it works."),
    "emulator": (
        "smugsync.cli.emulator:emulator",
        "Serve a small SmugMug on this machine, to try things on.",
    ),
    "completion": ("smugsync.cli.completion:completion", "Print the completion script of a shell."),
}

BROKEN_PIPE = 141  #: what a shell reports of a process that SIGPIPE ended


def main(
    arguments: Sequence[str] | None = None,
    environ: Mapping[str, str] | None = None,
    *,
    commands: Mapping[str, tuple[str, str]] = COMMANDS,
) -> int:
    """Run one command and return the exit code of the process. Never raises."""
    environ = os.environ if environ is None else environ
    _forbid_core_dumps()
    _replace_closed_streams()
    if sys.getfilesystemencoding().lower() != "utf-8":
        print(
            "smugsync: error: this locale cannot name every photo: set PYTHONUTF8=1, or a UTF-8 locale "
            "such as LC_ALL=C.UTF-8",
            file=sys.stderr,
        )
        return errors.ConfigError.exit_code
    named = environ.get("SMUGSYNC_PROFILE")
    invocation = Invocation(environ=environ, profile=named or "default", chosen=bool(named))
    for stream in (sys.stdout, sys.stderr):
        # A name the terminal cannot show must not end a run. Once only: a stream that a signal interrupts
        # here stays unusable, and `demo` comes by with handlers that raise.
        if hasattr(stream, "reconfigure") and stream.errors != "backslashreplace":
            stream.reconfigure(errors="backslashreplace")
    try:
        words = sys.argv[1:] if arguments is None else list(arguments)
        with _redacted_threads(invocation):
            code = _run(make_app(commands), words, invocation)
        sys.stdout.flush()
    except BrokenPipeError:
        _give_up_stdout()  # nobody reads us any more
        return BROKEN_PIPE
    except OSError as error:
        _give_up_stdout()
        invocation.complain(f"the standard output cannot be written: {error.strerror}")
        return 1
    return code


def _forbid_core_dumps() -> None:
    """One would hold the secrets that we work with."""
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


@contextlib.contextmanager
def _redacted_threads(invocation: Invocation) -> Iterator[None]:
    """What a thread dies of is shown as Python does it, but without secrets."""

    def show(died: threading.ExceptHookArgs) -> None:
        import traceback  # noqa: PLC0415 - hardly ever

        if died.exc_type is not SystemExit:
            trace = traceback.format_exception(died.exc_type, died.exc_value, died.exc_traceback)
            _print_trace(invocation, "".join(trace))

    before, threading.excepthook = threading.excepthook, show
    try:
        yield
    finally:
        threading.excepthook = before


def _replace_closed_streams() -> None:
    """Where a parent closed them, Python has None; and the next file opened would become our stdout."""
    for name, mode in (("stdin", os.O_RDONLY), ("stdout", os.O_WRONLY), ("stderr", os.O_WRONLY)):
        if getattr(sys, name) is None:
            handle = os.open(os.devnull, mode)
            setattr(sys, name, os.fdopen(handle, "r" if mode == os.O_RDONLY else "w", encoding="utf-8"))


def _give_up_stdout() -> None:
    """Python flushes once again at the end, and would complain once again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _run(app: click.Group, arguments: list[str], invocation: Invocation) -> int:
    try:
        if "_SMUGSYNC_COMPLETE" in invocation.environ:
            app.main(arguments, prog_name="smugsync", standalone_mode=False)
        with app.make_context("smugsync", arguments, obj=invocation) as context:
            code = app.invoke(context)
            return code if isinstance(code, int) else errors.OK
    except click.exceptions.Exit as done:
        return done.exit_code
    except (click.Abort, KeyboardInterrupt):
        if sys.stderr.isatty():
            print(file=sys.stderr)  # the terminal has shown ^C in the middle of a line
        invocation.complain("interrupted")
        return errors.INTERRUPTED_INT
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return error.exit_code
    except click.ClickException as error:
        where = getattr(error, "ctx", None)
        hint = f' (see "{where.command_path} --help")' if where is not None else ""
        invocation.complain(error.format_message().rstrip(".") + hint)
        return error.exit_code
    except errors.SmugsyncError as error:
        problems = error.problems if isinstance(error, errors.ConfigError) else (str(error),)
        for problem in problems:
            invocation.complain(problem)
        _show_trace(invocation)
        return error.exit_code
    except BrokenPipeError:
        raise
    except PermissionError as error:
        where = f"{error.filename}: " if error.filename else ""
        invocation.complain(
            f"{where}permission denied for user id {os.geteuid()}; give it to the user that smugsync runs as"
        )
        _show_trace(invocation)
        return 1
    except Exception as error:  # noqa: BLE001 - the last place where it can become one sentence
        advice = "" if invocation.verbosity > 1 else "; run with -vv for the traceback"
        invocation.complain(f"unexpected {type(error).__name__}: {error}{advice}")
        _show_trace(invocation)
        return 1


def _show_trace(invocation: Invocation) -> None:
    if invocation.verbosity > 1:
        import traceback  # noqa: PLC0415 - hardly ever

        _print_trace(invocation, traceback.format_exc())


def _print_trace(invocation: Invocation, trace: str) -> None:
    lines = invocation.redact(trace).splitlines()
    print("\n".join(map(invocation.clean, lines)), file=sys.stderr, flush=True)
