"""A TCP proxy in front of PostgreSQL that knows statements, and fails or holds them as told."""
import socket
import struct
import threading

from support.call_faults import DENIED, LOST, CallFaults

# What ends a statement of a client: a simple query, the sync of an extended one, the end of a COPY's data.
ENDS = b"QSc"
TEXTS = b"QP"  # what carries the text of one
HELD_MOST = 300  # seconds
REFUSAL = b"do $$ begin raise exception 'refused by the test' using errcode = '42501'; end $$\0"


class StatementProxy:
    """Forwards 127.0.0.1:port to the target. Connections must come unencrypted.

    `faults` counts the statements of all connections. ONCE: the connection is lost before the server gets the statement; LOST: it
    is lost once the server has begun to answer; DENIED: the server itself refuses the statement, so that its transaction is aborted.
    hold(text, number): the number-th statement with that text from then on stays on the wire until `release` is set; `held` says that it has come.
    count(text): the statements with that text that have come so far.
    """

    def __init__(self, host, port):
        self.target = (host, port)
        self.faults = CallFaults()
        self.lock, self.statements = threading.Lock(), []
        self.text, self.held, self.release = None, threading.Event(), threading.Event()

    def hold(self, text, number=1):
        with self.lock:
            self.text, self.left = text, number

    def count(self, text):
        with self.lock:
            return sum(text in statement for statement in self.statements)

    def __enter__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.closing = False
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.closing = True
        self.release.set()
        self.listener.close()

    def _accept(self):
        while not self.closing:
            try:
                client, _ = self.listener.accept()
                server = socket.create_connection(self.target)
            except OSError:
                return
            swallow = threading.Event()  # the next answer is to be lost
            threading.Thread(target=self._from_client, args=(client, server, swallow), daemon=True).start()
            threading.Thread(target=self._from_server, args=(client, server, swallow), daemon=True).start()

    def _from_client(self, client, server, swallow):
        try:
            head = self._exactly(client, 4)  # the startup message has no type
            server.sendall(head + self._exactly(client, struct.unpack("!I", head)[0] - 4))
            while True:
                head = self._exactly(client, 5)
                body = self._exactly(client, struct.unpack("!I", head[1:])[0] - 4)
                if head[:1] in TEXTS and self._is_held(body):
                    self.held.set()
                    self.release.wait(HELD_MOST)
                fault = self.faults.next() if head[:1] in ENDS else None
                if fault == LOST:
                    swallow.set()
                elif fault == DENIED:
                    server.sendall(refused(head[:1]))
                    continue
                elif fault:
                    break
                server.sendall(head + body)
        except (OSError, EOFError):
            pass
        close(client, server)

    def _is_held(self, statement):
        with self.lock:
            self.statements.append(statement)
            if self.text is None or self.text not in statement:
                return False
            self.left -= 1
            if self.left == 0:
                self.text = None
            return self.left == 0

    def _from_server(self, client, server, swallow):
        try:
            while data := server.recv(65536):
                if swallow.is_set():
                    break
                client.sendall(data)
        except OSError:
            pass
        close(client, server)

    @staticmethod
    def _exactly(source, count):
        data = b""
        while len(data) < count:
            more = source.recv(count - len(data))
            if not more:
                raise EOFError
            data += more
        return data


def message(kind, body=b""):
    return kind + struct.pack("!I", len(body) + 4) + body


def refused(kind):
    """What the server gets instead of the end of a statement, so that it refuses it."""
    if kind == b"c":
        return message(b"f", b"refused by the test\0")
    if kind == b"Q":
        return message(b"Q", REFUSAL)
    # an extended statement has been executed, but takes effect with its sync only
    return message(b"P", b"\0" + REFUSAL + b"\0\0") + message(b"B", b"\0\0" + b"\0" * 6) + message(b"E", b"\0" + b"\0" * 4) + message(b"S")


def close(*sockets):
    for s in sockets:
        try:
            s.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
