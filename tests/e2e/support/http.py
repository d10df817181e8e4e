"""HTTP requests as tests make them: no proxy, every status an answer."""

import json
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass

_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


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


def request(url, method="GET", body=None, headers=None, timeout=30):
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    asked = urllib.request.Request(url, data=data, method=method, headers=headers or {})
    try:
        with _OPENER.open(asked, timeout=timeout) as answer:
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
