"""Exit codes of the `assaydesk` command. They are a promise to pipelines: never renumber them."""

from enum import IntEnum


class Exit(IntEnum):
    """What a finished command tells the shell."""

    DONE = 0
    REFUSED = 1
    """The server refused; the promotion was blocked, rejected, withdrawn, expired or superseded; or a comparison that
    was asked for came to nothing."""
    USAGE = 2
    """Wrong options, an unreadable file, no address or no token."""
    UNREACHABLE = 3
    """No connection, server trouble, or an answer that isn't Assaydesk's."""
    NOT_ALLOWED = 4
    """The token is missing, expired or has no right to this."""
    TIMED_OUT = 5
    """Still undecided, or not compared, when the time to wait was over. Nothing was undone: the work goes on."""
