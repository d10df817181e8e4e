"""What a NAS, or what answers in its place, may do wrong: each fault with its sentence, its stage and its reason."""

import asyncio
import gzip
import json
from dataclasses import dataclass
from typing import Callable

# The configured limit; small, so that what is beyond it is quickly sent.
MOST_BYTES = 262_144
OK = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@dataclass
class Fault:
    """A sentence, where it happens, what is done there, and what the daemon is to call it."""

    sentence: str
    stage: str
    act: Callable
    reason: str


def sends(*parts, then="close"):
    """Sends these bytes, and then closes, resets or hangs."""
    async def act(link):
        await link.send(*parts)
        if then == "hang":
            await link.hang()
        elif then == "reset":
            # Only what has arrived is read before the reset is noticed.
            await asyncio.sleep(0.05)
            link.reset()
    return act


def body(text, head=OK):
    """A whole answer with this body."""
    async def act(link):
        await link.answer(text.encode() if isinstance(text, str) else text, head)
    return act


def status(code, words=""):
    return body("<html></html>", f"HTTP/1.1 {code} {words}\r\nContent-Type: text/html\r\n")


def partly(share, length=None, then="close"):
    """The good answer, with so large a share of its body; `length` maps its size to the Content-Length."""
    async def act(link):
        answer = await link.usual()
        said = len(answer) if length is None else length(len(answer))
        await sends(f"{OK}Content-Length: {said}\r\n\r\n", answer[:int(len(answer) * share)], then=then)(link)
    return act


async def hang(link):
    await link.hang()


async def reset(link):
    link.reset()


def drips(start, then):
    """Begins at once, and goes on byte by byte for ever."""
    async def act(link):
        await link.send(start)
        await link.drip(then)
    return act


def chunked(*chunks, then="close"):
    return sends(OK + "Transfer-Encoding: chunked\r\n\r\n", *chunks, then=then)


async def endless_chunks(link):
    await link.send(OK + "Transfer-Encoding: chunked\r\n\r\n")
    while True:
        await link.send(b"4000\r\n" + b" " * 0x4000 + b"\r\n")


async def endless_header(link):
    await link.send("HTTP/1.1 200 OK\r\nX-Endless: ")
    while True:
        await link.send(b"x" * 0x4000)


async def endless_headers(link):
    await link.send("HTTP/1.1 200 OK\r\n")
    number = 0
    while True:
        number += 1
        await link.send(f"X-Header-{number}: {'x' * 100}\r\n")


async def endless_interim(link):
    """One 102 after the other, and never the answer."""
    while True:
        await link.send("HTTP/1.1 102 Processing\r\n\r\n")
        await asyncio.sleep(0.01)


def bomb(size):
    return body(gzip.compress(b" " * size, 9), OK + "Content-Encoding: gzip\r\n")


def redirect(code, to):
    """`to` is made from the link: ports are known only then."""
    async def act(link):
        await link.answer(b"", f"HTTP/1.1 {code} Moved\r\nLocation: {to(link.peer)}\r\n")
    return act


def refused(code, errors=None):
    error = {"code": code, **({} if errors is None else {"errors": errors})}
    return body(json.dumps({"success": False, "error": error}))


def edited(method, edit):
    """The good answer, in which `edit` changes the member of a method, alone or inside a compound."""
    async def act(link):
        answer = json.loads(await link.usual())
        if link.request.form.get("method") == method:
            edit(answer)
        for member in (answer.get("data") or {}).get("result", []):
            if member["method"] == method:
                edit(member)
        await link.answer(json.dumps(answer).encode())
    return act


def member_refused(method, code):
    def edit(member):
        member.pop("data", None)
        member.update(success=False, error={"code": code})
    return edited(method, edit)


def refused_from(method, code):
    """A compound of which all from this method's call on is refused, as when the session ends in its middle."""
    async def act(link):
        answer = json.loads(await link.usual())
        results = answer["data"]["result"]
        first = next(index for index, member in enumerate(results) if member["method"] == method)
        for member in results[first:]:
            member.pop("data", None)
            member.update(success=False, error={"code": code})
        await link.answer(json.dumps(answer).encode())
    return act


def member_data(method, data):
    def edit(member):
        member["data"] = data
    return edited(method, edit)


def _transport():
    """Below HTTP."""
    yield Fault("is reset as soon as it is there", "accept", reset, "http")
    yield Fault("is closed as soon as it is there", "accept", sends(), "http")
    yield Fault("is accepted, and then nothing", "accept", hang, "timeout")
    yield Fault("greets as another protocol does", "accept", sends("SSH-2.0-OpenSSH_9.2\r\n", then="hang"), "http")
    yield Fault("is reset once it was asked", "poll", reset, "http")
    yield Fault("is reset at the first question", "any", reset, "http")
    yield Fault("is silent once it was asked", "poll", hang, "timeout")


def _heads():
    """Status line and headers."""
    for name, then, reason in (("ends", "close", "http"), ("is reset", "reset", "http"),
                               ("hangs", "hang", "timeout")):
        yield Fault(f"{name} within the status line", "poll", sends("HTTP/1.1 2", then=then), reason)
        yield Fault(f"{name} after the status line", "poll", sends("HTTP/1.1 200 OK\r\n", then=then), reason)
        yield Fault(f"{name} within a header", "poll", sends(OK + "Content-Le", then=then), reason)
        yield Fault(f"{name} between head and body", "poll", sends(OK + "Content-Length: 9\r\n\r\n", then=then), reason)
    yield Fault("drips its status line", "poll", drips("", b"HTTP/1.1 200" + b" "), "timeout")
    yield Fault("drips its headers", "poll", drips("HTTP/1.1 200 OK\r\nX: ", b"x"), "timeout")
    yield Fault("has a header that never ends", "poll", endless_header, "http")
    yield Fault("has headers that never end", "poll", endless_headers, "http")
    yield Fault("has interim answers that never end", "poll", endless_interim, "timeout")
    yield Fault("has a status of four digits", "poll", sends("HTTP/1.1 2000 OK\r\n\r\n"), "http")
    yield Fault("speaks HTTP/0.9", "poll", sends('{"success":true}'), "http")
    yield Fault("speaks HTTP/2", "poll", sends(b"\0\0\0\4\0\0\0\0\0"), "http")
    yield Fault("has a header with a NUL", "poll", sends(OK + "X: a\0b\r\nContent-Length: 2\r\n\r\n{}"), "http")
    yield Fault("switches protocols", "poll", sends("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
                                                    then="hang"), "http")
    for code in (201, 204, 206, 304, 400, 401, 403, 404, 407, 418, 429, 500, 501, 502, 503, 504, 599):
        yield Fault(f"answers HTTP {code}", "poll", status(code), "http")


def _lengths():
    """Where the body ends."""
    yield Fault("ends within the body", "poll", partly(0.5), "http")
    yield Fault("is reset within the body", "poll", partly(0.5, then="reset"), "http")
    yield Fault("hangs within the body", "poll", partly(0.5, then="hang"), "timeout")
    yield Fault("drips its body", "poll", drips(OK + "Content-Length: 100000\r\n\r\n", b'{"success":true, '), "timeout")
    yield Fault("says a length too great, and ends", "poll", partly(1, lambda size: size + 1), "http")
    yield Fault("says a length too great, and hangs", "poll", partly(1, lambda size: size + 1, "hang"), "timeout")
    yield Fault("says a length too small", "poll", partly(1, lambda size: size - 1, "hang"), "decode")
    yield Fault("says no length at all", "poll", partly(1, lambda _: ""), "http")
    yield Fault("says a negative length", "poll", partly(1, lambda size: -size), "http")
    yield Fault("says a length beyond any number", "poll", partly(1, lambda _: 10 ** 30), "http")
    yield Fault("says two lengths", "poll",
                sends(OK + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", then="hang"), "http")
    yield Fault("has a chunk that is no number", "poll", chunked("ZZZ\r\n{}\r\n0\r\n\r\n"), "http")
    yield Fault("has a chunk of a size beyond any number", "poll", chunked("F" * 20 + "\r\n{}"), "http")
    yield Fault("ends within a chunk", "poll", chunked("20\r\n{"), "http")
    yield Fault("ends before the last chunk", "poll", chunked("2\r\n{}\r\n"), "http")
    yield Fault("hangs before the last chunk", "poll", chunked("2\r\n{}\r\n", then="hang"), "timeout")
    yield Fault("has chunks without end", "poll", endless_chunks, "decode")
    yield Fault("is larger than allowed", "poll", body(" " * (MOST_BYTES + 1)), "decode")
    yield Fault("says a length that is not allowed", "poll",
                sends(f"{OK}Content-Length: {MOST_BYTES * 1000}\r\n\r\n", b" " * (2 * MOST_BYTES), then="hang"), "decode")
    yield Fault("is larger than allowed once unpacked", "poll", bomb(64 * MOST_BYTES), "decode")
    yield Fault("has broken compression", "poll", body(b"\x1f\x8b nothing", OK + "Content-Encoding: gzip\r\n"), "decode")


def _contents():
    """HTTP 200, and what is in it."""
    texts = {
        "nothing": "", "an HTML page": "<!DOCTYPE html><html><body>Welcome</body></html>", "text": "It works!",
        "half of JSON": '{"success":true,"data":{"result":[{"api":"SYNO', "a list": "[]", "null": "null",
        "a number": "7", "a string": '"success"', "an empty object": "{}", "many openings": "[" * 100_000,
        "a success that is none": '{"success":"maybe"}', "a refusal without a code": '{"success":false}',
        "a refusal with a code that is none": '{"success":false,"error":{"code":{}}}',
        "a list for data": '{"success":true,"data":[]}', "text for data": '{"success":true,"data":"x"}',
        "a success without data": '{"success":true}', "results that are no list": '{"success":true,"data":{"result":{}}}',
        "too few results": '{"success":true,"data":{"result":[]}}',
        "results of other types": '{"success":true,"data":{"result":[7,"x",null,[],true,{},{},{},{},{}]}}',
        "no Unicode": b'{"success":\xff\xfe}', "bytes": bytes(range(256)),
    }
    for name, text in texts.items():
        yield Fault(f"answers {name}", "poll", body(text), "decode")
    for name, data in {"a number": 7, "text": "x", "null": None, "an object": {}, "true": True}.items():
        yield Fault(f"lists {name} as its connections", "poll", member_data("list_conn", {"conn": data}), "decode")
    for name, data in {"a list": [], "null": None, "text": "x", "nothing": {}}.items():
        yield Fault(f"answers {name} for the list of connections", "poll", member_data("list_conn", data), "decode")


def _codes():
    """What the NAS says itself. What would hold logins back for long is not here."""
    for code in (100, 108, 109, 110, 111, 117, 118, 120, 400, 407, 1000, -1):
        yield Fault(f"refuses the compound with {code}", "poll", refused(code), "api")
        yield Fault(f"refuses the list of connections with {code}", "poll", member_refused("list_conn", code), "api")
    for code in (105, 160):
        yield Fault(f"refuses the compound with {code}", "poll", refused(code), "permission")
        yield Fault(f"refuses the list of connections with {code}", "poll", member_refused("list_conn", code),
                    "permission")
    for code in (101, 114):
        yield Fault(f"refuses everything with {code}", "poll", refused(code), "api")
    for code in (102, 103, 104):
        yield Fault(f"refuses everything with {code}", "poll", refused(code), "package_missing")
        yield Fault(f"refuses the list of connections with {code}", "poll", member_refused("list_conn", code),
                    "package_missing")


def once(act):
    """The fault meets one request, and the others are answered as usual."""
    met = []

    async def one(link):
        if met:
            await link.answer(await link.usual())
        else:
            met.append(link)
            await act(link)
    return one


REDIRECTS = (301, 302, 303, 307, 308)


def redirects(trap):
    """Redirects, to `trap`, where nothing may arrive, and to the peer itself by another scheme."""
    places = {
        "another port": lambda peer: f"http://127.0.0.1:{trap.port}/webapi/entry.cgi",
        "another scheme": lambda peer: f"https://127.0.0.1:{trap.port}/webapi/entry.cgi",
        "another user": lambda peer: f"http://admin:secret@127.0.0.1:{trap.port}/webapi/entry.cgi?passwd=x",
        "another path": lambda peer: "/elsewhere",
    }
    for code in REDIRECTS:
        for name, to in places.items():
            yield Fault(f"sends away from the poll with {code} to {name}", "poll", redirect(code, to), "http")


def logins(trap):
    """What goes wrong with the login. Each costs one of the few attempts that are made in five minutes."""
    yield Fault("is silent at the login", "login", hang, "timeout")
    yield Fault("ends the connection at the login", "login", reset, "http")
    yield Fault("answers the login with a page", "login", body("<html>"), "decode")
    yield Fault("answers the login with HTTP 502", "login", status(502), "http")
    yield Fault("grants no session", "login", body('{"success":true,"data":{}}'), "decode")
    yield Fault("grants an empty session", "login", body('{"success":true,"data":{"sid":""}}'), "decode")
    yield Fault("grants a session that is an object", "login", body('{"success":true,"data":{"sid":{}}}'), "decode")
    yield Fault("grants a token that breaks lines", "login",
                body(json.dumps({"success": True, "data": {"sid": "s", "synotoken": "a\r\nHost: b"}})), "decode")
    for code in REDIRECTS:
        to = lambda _: f"http://127.0.0.1:{trap.port}/webapi/entry.cgi"  # noqa: E731
        yield Fault(f"sends away from the login with {code}", "login", redirect(code, to), "http")
    for code in (100, 108, 117, 120, 1000):
        yield Fault(f"refuses the login with {code}", "login", refused(code), "api")
    for code in (105, 160):
        yield Fault(f"refuses the login with {code}", "login", refused(code), "permission")


# Codes after which no login is tried again until the credentials change.
REFUSALS = {400: "auth", 401: "auth", 402: "permission", 403: "otp", 404: "otp", 406: "otp", 407: "blocked",
            408: "auth", 409: "auth", 410: "auth", 411: "auth", 499: "auth"}


def infos():
    """What goes wrong before anything is known of the NAS."""
    yield Fault("is silent when asked for its APIs", "info", hang, "timeout")
    yield Fault("answers with a page when asked for its APIs", "info", body("<html>"), "decode")
    yield Fault("has no APIs", "info", body('{"success":true,"data":{}}'), "decode")
    yield Fault("has APIs to log in and no more", "info",
                body('{"success":true,"data":{"SYNO.API.Auth":{"path":"entry.cgi","minVersion":1,"maxVersion":7}}}'),
                "package_missing")
    yield Fault("has APIs that are a list", "info", body('{"success":true,"data":[]}'), "decode")
    yield Fault("has APIs that are numbers", "info", body('{"success":true,"data":{"SYNO.API.Auth":7}}'), "decode")
    yield Fault("refuses to say its APIs with 100", "info", refused(100), "api")


def polls():
    """All that goes wrong with a poll."""
    yield from _transport()
    yield from _heads()
    yield from _lengths()
    yield from _contents()
    yield from _codes()
