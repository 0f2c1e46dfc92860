"""A real SMTP server on a socket, small enough to misbehave as told."""

import email
import email.policy
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage


@dataclass
class PostOffice:
    """What a server does with letters, and those it took. `drop` is the command at which it hangs up."""

    port: int = 0
    drop: str = ""
    refusals: dict[str, bytes] = field(default_factory=dict)
    taken: list[tuple[str, bytes]] = field(default_factory=list)
    connections: int = 0

    @property
    def recipients(self) -> list[str]:
        return [recipient for recipient, _ in self.taken]

    @property
    def letters(self) -> list[EmailMessage]:
        return [email.message_from_bytes(raw, policy=email.policy.default) for _, raw in self.taken]


class _Conversation(socketserver.StreamRequestHandler):
    timeout = 10

    def handle(self) -> None:
        self.office: PostOffice = self.server.office
        self.office.connections += 1
        self.recipient = ""
        self.say(b"220 post.example.org")
        while (line := self.rfile.readline()) and self.answer(line.strip()):
            pass

    def say(self, words: bytes) -> bool:
        self.wfile.write(words + b"\r\n")
        return True

    def answer(self, line: bytes) -> bool:
        word = line.split(b" ")[0].upper().decode()
        if word == self.office.drop:
            return False
        if word == "RCPT":
            return self.take_recipient(line)
        if word == "DATA":
            return self.take_letter()
        return self.say(b"221 bye") and False if word == "QUIT" else self.say(b"250 ok")

    def take_recipient(self, line: bytes) -> bool:
        self.recipient = line.partition(b"<")[2].partition(b">")[0].decode()
        return self.say(self.office.refusals.get(self.recipient, b"250 ok"))

    def take_letter(self) -> bool:
        self.say(b"354 go on")
        lines = []
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            lines.append(line[1:] if line.startswith(b"..") else line)
        if self.office.drop == "END":  # has read it all, and hangs up instead of saying that it has it
            return False
        self.office.taken.append((self.recipient, b"".join(lines)))
        return self.say(b"250 taken")


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


@contextmanager
def running(office: PostOffice) -> Iterator[PostOffice]:
    """The server, up while the block runs; a second time it listens where it did the first."""
    with _Server(("127.0.0.1", office.port), _Conversation) as server:
        server.office = office
        office.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield office
        server.shutdown()
        thread.join()
