"""A TCP proxy that stands between Millrace and a server, and fails as told."""
import socket
import threading


class FaultProxy:
    """Forwards address:port to the target.

    cut_after(n): connections end once n more bytes have come from the server, the first `times` of them.
    throttle(n): from then on each connection gets at most n bytes a second from the server; None: all it wants.
    hang_after(n): from then on nothing is forwarded, and nothing is closed.
    """

    def __init__(self, host, port, address="127.0.0.1"):
        self.target, self.address = (host, port), address
        self.lock = threading.Lock()
        self.cut, self.cuts_left, self.hang = None, 0, None
        self.bytes_from_server = 0
        self.rate = None
        self.accepted = 0
        self.closing = threading.Event()

    def __enter__(self):
        self.listener = socket.create_server((self.address, 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.closing.set()
        self.listener.close()

    def cut_after(self, count, times=1):
        with self.lock:
            self.cut, self.cuts_left = count, times

    def throttle(self, bytes_a_second):
        self.rate = bytes_a_second

    def hang_after(self, count):
        with self.lock:
            self.hang = count

    def _accept(self):
        while not self.closing.is_set():
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.accepted += 1
            try:
                server = socket.create_connection(self.target)
            except OSError:
                client.close()
                continue
            threading.Thread(target=self._pump, args=(client, server, False), daemon=True).start()
            threading.Thread(target=self._pump, args=(server, client, True), daemon=True).start()

    def _pump(self, source, sink, from_server):
        seen = 0
        try:
            while data := source.recv(65536):
                if from_server:
                    seen += len(data)
                    with self.lock:
                        self.bytes_from_server += len(data)
                        cut = self.cut is not None and self.cuts_left > 0 and seen > self.cut
                        if cut:
                            self.cuts_left -= 1
                        hang = self.hang is not None and seen > self.hang
                    if cut:
                        break
                    if hang:
                        self.closing.wait()
                        break
                rate = self.rate
                if from_server and rate:
                    self.closing.wait(len(data) / rate)
                sink.sendall(data)
        except OSError:
            pass
        # What the server said last still goes to the client, also when the client was sending.
        for s, how in ((source, socket.SHUT_RDWR), (sink, socket.SHUT_RDWR)) if from_server else ((sink, socket.SHUT_WR),):
            try:
                s.shutdown(how)
            except OSError:
                pass
