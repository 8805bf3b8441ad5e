"""A TCP proxy in front of PostgreSQL that knows statements, and fails one of them as told."""
import socket
import struct
import threading

# What ends a statement of a client: a simple query, the sync of an extended one, the end of a COPY's data.
ENDS = b"QSc"


class StatementProxy:
    """Forwards 127.0.0.1:port to the target. Connections must come unencrypted.

    fail(n, after): the n-th statement from now on (of all connections) loses its connection; before the server gets it or, with
    `after`, once the server has answered it.
    """

    def __init__(self, host, port):
        self.target = (host, port)
        self.lock = threading.Lock()
        self.statements, self.fail_at, self.after = 0, None, False
        self.failed = False

    def __enter__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.closing = False
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.closing = True
        self.listener.close()

    def fail(self, number=None, after=False):
        with self.lock:
            self.statements, self.fail_at, self.after, self.failed = 0, number, after, False

    def _accept(self):
        while not self.closing:
            try:
                client, _ = self.listener.accept()
                server = socket.create_connection(self.target)
            except OSError:
                return
            answered = threading.Event()  # the connection's answer is to be swallowed
            threading.Thread(target=self._from_client, args=(client, server, answered), daemon=True).start()
            threading.Thread(target=self._from_server, args=(client, server, answered), daemon=True).start()

    def _due(self, kind):
        with self.lock:
            self.statements += kind in ENDS
            if kind in ENDS and self.statements == self.fail_at:
                self.failed = True
                return True
        return False

    def _from_client(self, client, server, swallow):
        try:
            head = self._exactly(client, 4)  # the startup message has no type
            server.sendall(head + self._exactly(client, struct.unpack("!I", head)[0] - 4))
            while True:
                head = self._exactly(client, 5)
                body = self._exactly(client, struct.unpack("!I", head[1:])[0] - 4)
                if self._due(head[:1]):
                    if not self.after:
                        break
                    swallow.set()
                server.sendall(head + body)
        except (OSError, EOFError):
            pass
        close(client, server)

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


def close(*sockets):
    for s in sockets:
        try:
            s.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
