"""A NAS that misbehaves: a peer of its own that answers as a simulated NAS does, until it is told to do otherwise with
the bytes of one connection. What it may do is in support/faults.py."""

import asyncio
import contextlib
import socket
import struct
import threading
import urllib.parse


class Loop:
    """An event loop in a thread of its own; every peer of a test lives in one."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def run(self, coroutine):
        """Its result, waited for."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(60)

    def stop(self):
        self.run(self._end())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(30)
        self.loop.close()

    @staticmethod
    async def _end():
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


class Gone(Exception):
    """The client has closed the connection."""


class Answers:
    """What a simulated NAS answers, asked once for each question: it stands still. Sessions are not asked about, so
    that one answer serves every peer."""

    def __init__(self, port):
        self.port = port
        self.known = {}

    async def answer(self, request):
        fields = {name: value for name, value in request.form.items() if name != "_sid"}
        if request.stage == "login":
            fields["passwd"] = request.right_password
        key = (request.path, tuple(sorted(fields.items())))
        if key not in self.known:
            self.known[key] = await self._ask(request, fields)
        return self.known[key]

    async def _ask(self, request, fields):
        if request.stage == "poll":
            fields["_sid"] = self.sid
        body = urllib.parse.urlencode(fields).encode()
        token = f"X-SYNO-TOKEN: {self.token}\r\n" if request.stage == "poll" else ""
        head = (f"POST {request.path} HTTP/1.0\r\nContent-Type: application/x-www-form-urlencoded\r\n{token}"
                f"Content-Length: {len(body)}\r\n\r\n")
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(head.encode() + body)
        answer = await reader.read()
        writer.close()
        return answer.split(b"\r\n\r\n", 1)[1]

    def session(self, granted):
        """What the NAS's controls gave for a session."""
        self.sid, self.token = granted["sid"], granted["synotoken"]


class Request:
    """One request: its path, its form, its raw bytes, and at which stage of a poll it comes."""

    def __init__(self, head, body, password):
        self.raw = head + body
        self.headers = dict(line.decode("latin-1").split(": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line)
        self.path = head.split(b" ", 2)[1].decode()
        self.form = dict(urllib.parse.parse_qsl(body.decode(), keep_blank_values=True))
        self.right_password = password

    @property
    def stage(self):
        api, method = self.form.get("api"), self.form.get("method")
        if api == "SYNO.API.Info":
            return "info"
        if api == "SYNO.API.Auth":
            return "login" if method == "login" else "logout"
        return "poll"


class Link:
    """One connection to a peer, as a fault sees it. `request` is the request that it is about, if there is one."""

    def __init__(self, peer, reader, writer):
        self.peer, self.reader, self.writer, self.request = peer, reader, writer, None

    async def send(self, *parts):
        """Sends at once."""
        try:
            for part in parts:
                self.writer.write(part if isinstance(part, bytes) else part.encode())
            await self.writer.drain()
        except OSError as error:
            raise Gone from error

    async def answer(self, body, head=None):
        """A whole answer of HTTP 200."""
        head = head or "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        await self.send(head + f"Content-Length: {len(body)}\r\n\r\n", body)

    async def usual(self):
        """What the NAS would answer."""
        return await self.peer.answers.answer(self.request)

    def reset(self):
        """Ends the connection by a reset."""
        raw = self.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def hang(self):
        """Says nothing more, until the client goes."""
        with contextlib.suppress(OSError):
            while await self.reader.read(65536):
                pass

    async def drip(self, data, pause=0.05):
        """A byte every so often, for ever: the last one is repeated."""
        at = 0
        while True:
            await self.send(data[at:at + 1])
            at = min(at + 1, len(data) - 1)
            await asyncio.sleep(pause)

    async def read_request(self):
        """The next request, or None at the end."""
        try:
            head = await self.reader.readexactly(1)
            if head == b"\x16":
                # The hello of who wants encryption. nginx answers so.
                await self.send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
                return None
            head += await self.reader.readuntil(b"\r\n\r\n")
            length = next((int(line.split(b":")[1]) for line in head.lower().split(b"\r\n")
                           if line.startswith(b"content-length:")), 0)
            body = await self.reader.readexactly(length)
        except (asyncio.IncompleteReadError, OSError):
            return None
        self.request = Request(head, body, self.peer.password)
        return self.request


class Peer:
    """A NAS on a port of its own. `fault` is (stage, what to do with the link) or None; the stage `accept` is before
    anything is read or encrypted, and `any` every request. `tls` is an SSLContext; changing it counts from the next
    connection on."""

    def __init__(self, loop, answers, password, tls=None, host="127.0.0.1"):
        self.loop, self.answers, self.password, self.tls, self.host = loop, answers, password, tls, host
        # A NAS that changes its ways keeps its address.
        self.scheme = "https" if tls else "http"
        self.fault = None
        self.links = set()
        self.port = 0
        # By stage, what was asked.
        self.asked = {}
        self.accepted = 0
        # How many requests had the fault that there is now.
        self.met = 0
        self.open()

    @property
    def url(self):
        return f"{self.scheme}://{self.host}:{self.port}"

    def open(self):
        self.loop.run(self._open())

    async def _open(self):
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, limit=1 << 20)
        self.port = self.server.sockets[0].getsockname()[1]

    def close(self):
        """Refuses connections from now on, until it is opened again."""
        self.loop.run(self._close())

    async def _close(self):
        self.server.close()
        self._drop()

    def become(self, fault):
        """Has this fault from now on, for connections that are idle too; none for None."""
        self.loop.run(self._change(fault=fault))

    def speak(self, tls):
        """Encrypts so from now on, or not at all for None."""
        self.loop.run(self._change(tls=tls))

    async def _change(self, **what):
        for name, value in what.items():
            setattr(self, name, value)
        self.met = 0
        self._drop()

    def _drop(self):
        """Ends the links that nobody is asking over. Those under way end after their answer."""
        for link in list(self.links):
            if link.request is None:
                link.writer.close()
            else:
                link.is_last = True

    async def _serve(self, reader, writer):
        self.accepted += 1
        link = Link(self, reader, writer)
        link.is_last = False
        # As if somebody asked: what is not yet encrypted is not idle.
        link.request = Request(b"GET / \r\n", b"", "")
        self.links.add(link)
        try:
            await self._talk(link)
        except (Gone, OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self.links.discard(link)
            link.writer.transport.abort()

    async def _talk(self, link):
        if self._meets("accept"):
            await self.fault[1](link)
            return
        if self.tls:
            # A client that does not trust us says so and goes.
            await link.writer.start_tls(self.tls)
        while not link.is_last:
            link.request = None
            request = await link.read_request()
            if request is None:
                return
            self.asked[request.stage] = self.asked.get(request.stage, 0) + 1
            if self._meets(request.stage):
                self.met += 1
                await self.fault[1](link)
                return
            if self.fault and self.fault[0] == "login" and request.stage == "poll":
                # Only who has no session logs in.
                await link.answer(b'{"error":{"code":119},"success":false}')
            elif self.fault and self.fault[0] == "info" and request.stage == "poll":
                # Only who knows nothing of the NAS any more asks for its APIs.
                return
            else:
                await link.answer(await link.usual())

    def _meets(self, stage):
        return self.fault is not None and self.fault[0] in (stage, "any") and (stage != "accept" or
                                                                              self.fault[0] == "accept")


class Trap:
    """A port where nothing should ever come; `heard` is what did."""

    def __init__(self, loop):
        self.heard = []
        self.loop = loop
        loop.run(self._open())

    async def _open(self):
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]

    async def _serve(self, reader, writer):
        self.heard.append(await reader.read(1000))
        writer.close()
