"""A TCP relay to a NAS that counts bytes and knows when something passed."""

import socket
import threading
import time
from urllib.parse import urlsplit


class Relay:
    """Listens on a port of its own at `url`."""

    def __init__(self, target):
        parts = urlsplit(target)
        self.target = (parts.hostname, parts.port)
        self.bytes = 0
        self.passed = []
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # Wakes the thread that accepts.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(self.target)
            for one, other, is_request in ((client, server, True), (server, client, False)):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self.copy, args=(one, other, is_request), daemon=True).start()

    def copy(self, one, other, is_request):
        try:
            while data := one.recv(65536):
                now = time.perf_counter()
                other.sendall(data)
                with self.lock:
                    self.bytes += len(data)
                    if is_request:
                        self.passed.append((now, data))
        except OSError:
            pass
        finally:
            for end in (one, other):
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def when(self, what, since):
        """When these bytes first passed towards the NAS after a time, if they did."""
        with self.lock:
            return next((at for at, data in self.passed if at >= since and what in data), None)
