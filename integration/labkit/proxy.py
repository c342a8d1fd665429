"""A bad line between a client and a unix socket: it delays what passes, and can be cut."""

import contextlib
import os
import select
import socket
import threading
import time


class Proxy:
    """Listens on a unix socket and passes everything on, each piece `delay` seconds after it came. One thread."""

    def __init__(self, path, target, delay=0.0):
        self.path, self.target, self.delay = str(path), str(target), delay
        self.pieces = []  # (when due, to whom, bytes; b"": the end), oldest first
        self.partner = {}
        self.ending = threading.Event()
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(self.path)
        self.listener.listen()
        self.thread = threading.Thread(target=self.work, daemon=True)
        self.thread.start()

    def accept(self):
        client = self.listener.accept()[0]
        server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            server.connect(self.target)
        except OSError:  # nobody there: the client is hung up on
            client.close()
            server.close()
            return
        self.partner[client], self.partner[server] = server, client

    def hang_up(self, one):
        for end in (one, self.partner.get(one)):
            if end is not None:
                self.partner.pop(end, None)
                end.close()

    def take(self, source):
        try:
            data = source.recv(1 << 16)
        except OSError:
            data = b""
        self.pieces.append((time.monotonic() + self.delay, source, data))

    def deliver(self):
        while self.pieces and self.pieces[0][0] <= time.monotonic():
            _, source, data = self.pieces.pop(0)
            if source not in self.partner:
                continue
            if not data:
                self.hang_up(source)
                continue
            try:
                self.partner[source].sendall(data)
            except OSError:
                self.hang_up(source)

    def work(self):
        while not self.ending.is_set():
            ended = {source for _, source, data in self.pieces if not data}
            wait = max(0.0, self.pieces[0][0] - time.monotonic()) if self.pieces else 0.2
            readable, _, _ = select.select([self.listener, *(set(self.partner) - ended)], [], [], min(wait, 0.2))
            for source in readable:
                self.accept() if source is self.listener else self.take(source)
            self.deliver()
        for one in list(self.partner):
            self.hang_up(one)
        self.listener.close()

    def close(self):
        self.ending.set()
        self.thread.join()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)
