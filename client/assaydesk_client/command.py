"""The `assaydesk` command: finds address and token, runs one subcommand, turns errors into exit codes."""

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from assaydesk_client.addresses import LOOPBACK
from assaydesk_client.client import Client
from assaydesk_client.commands import SUBCOMMANDS
from assaydesk_client.errors import AssaydeskError, Misuse
from assaydesk_client.metadata import read_text
from assaydesk_client.output import Output

EPILOG = """\
environment:
  ASSAYDESK_URL    the server's address, unless --url is given
  ASSAYDESK_TOKEN  the token, unless --token-file is given
  SSL_CERT_FILE    certificates of an authority of your own, in the place of the usual ones

exit codes:
  0 done
  1 refused, or the promotion was blocked, rejected, withdrawn, expired or superseded
  2 wrong usage
  3 the server can't be reached or is in trouble
  4 the token does not allow it
  5 still undecided when the time to wait was over
"""


def build_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = argparse.ArgumentParser(
        prog="assaydesk",
        description="Register model versions with Assaydesk, hand in evidence, promote and review.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--url", help="the server's address")
    parser.add_argument("--token-file", type=Path, metavar="FILE", help="read the token from this file")
    parser.add_argument("--json", action="store_true", help="print whole answers as JSON")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for add_subcommand in SUBCOMMANDS:
        add_subcommand(subparsers)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code (see exits.py)."""
    options = build_parser().parse_args(arguments)
    output = Output(as_json=options.json)
    try:
        with _client(options, output) as client:
            return int(options.run(client, options, output))
    except AssaydeskError as error:
        output.error(error)
        return int(error.exit_code)
    except KeyboardInterrupt:
        return 130


def run() -> None:
    """Entry point of the installed command."""
    try:
        sys.exit(main())
    except BrokenPipeError:
        # Whoever read our output has seen enough. Python would complain once more when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(128 + signal.SIGPIPE)


def _client(options: argparse.Namespace, output: Output) -> Client:
    url = options.url or os.environ.get("ASSAYDESK_URL", "")
    if not url:
        raise Misuse("No server is named.", "Set ASSAYDESK_URL or give --url.")
    client = Client(url, _token(options))
    parts = urlsplit(client.url)
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        output.note(f"Note: {client.url} is not encrypted; the token travels in the open.")
    return client


def _token(options: argparse.Namespace) -> str:
    if options.token_file:
        return read_text(options.token_file).strip()
    token = os.environ.get("ASSAYDESK_TOKEN", "")
    if not token:
        raise Misuse("No token is given.", "Set ASSAYDESK_TOKEN or give --token-file FILE.")
    return token
