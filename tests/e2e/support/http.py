"""HTTP requests as tests make them: no proxy, every status an answer."""

import http.client
import json
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from functools import partial

_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class _From(urllib.request.HTTPHandler):
    """Connects from an address of its own: 127.0.0.2 is another peer than 127.0.0.1."""

    def __init__(self, address):
        super().__init__()
        self.address = address

    def http_open(self, request):
        return self.do_open(partial(http.client.HTTPConnection, source_address=(self.address, 0)), request)


@dataclass
class Reply:
    status: int
    headers: dict
    body: bytes

    @property
    def text(self):
        return self.body.decode()

    def json(self):
        return json.loads(self.body)


def request(url, method="GET", body=None, headers=None, timeout=30, source=None):
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    asked = urllib.request.Request(url, data=data, method=method, headers=headers or {})
    opener = _OPENER if source is None else urllib.request.build_opener(urllib.request.ProxyHandler({}), _From(source))
    try:
        with opener.open(asked, timeout=timeout) as answer:
            return Reply(answer.status, dict(answer.headers), answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return Reply(error.code, dict(error.headers), error.read())


def get(url, **headers):
    """GET with headers, `accept_encoding="gzip"` for Accept-Encoding."""
    return request(url, headers={name.replace("_", "-"): value for name, value in headers.items()})


def urlencode(fields):
    """Fields of a form as a body."""
    return urllib.parse.urlencode(fields).encode()
