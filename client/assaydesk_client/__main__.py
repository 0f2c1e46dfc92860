"""`python -m assaydesk_client` is the `assaydesk` command."""

from assaydesk_client.command import run

run()
