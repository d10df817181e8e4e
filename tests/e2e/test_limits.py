"""What many clients, and clients that do nothing, can cost the listeners: scrapes go on being answered."""

import concurrent.futures
import socket
import ssl

import pytest

from support import http
from support.exporter import configuration
from support.tls import Authority
from support.wait import eventually

# More than the web listener has room for.
MANY = 600


@pytest.fixture(scope="module")
def exporter(shared_stage):
    nas = shared_stage.simulator()
    running = shared_stage.exporter(configuration(nas.url))
    eventually(lambda: _up(running))
    return running


def _up(exporter):
    assert exporter.metrics().value("cloudsync_up", nas="home") == 1


def address(exporter):
    host, port = exporter.url.removeprefix("http://").split(":")
    return host, int(port)


def own(exporter, name):
    return exporter.metrics().value(name)


def test_40_scrapes_at_once_are_served_and_400_do_not_hurt(exporter):
    for at_once in (40, 400):
        with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
            answers = list(pool.map(lambda _: http.get(exporter.url + "/metrics"), range(2 * at_once)))
        assert {answer.status for answer in answers} == {200}
        assert all('cloudsync_up{nas="home"} 1' in answer.text for answer in answers)


@pytest.mark.parametrize("first", [b"", b"GET /metrics HTTP/1.1\r\nHost:"], ids=["silent", "half-open"])
def test_connections_that_do_nothing_keep_nobody_out(exporter, first):
    before = own(exporter, "process_open_fds")
    with _connections(exporter, MANY) as opened:
        for connection in opened:
            connection.sendall(first)
        assert http.get(exporter.url + "/metrics").status == 200
        # Each is closed by the exporter, not by us.
        for connection in opened:
            _closed(connection)
    eventually(lambda: _at_most(own(exporter, "process_open_fds"), before + 2))


def _at_most(value, most):
    assert value <= most, f"{value} > {most}"


class _connections:
    """So many connections to the exporter."""

    def __init__(self, exporter, number):
        self.opened = [socket.create_connection(address(exporter), timeout=30) for _ in range(number)]

    def __enter__(self):
        return self.opened

    def __exit__(self, *_):
        for connection in self.opened:
            connection.close()


def _closed(connection):
    """Reads until the other end closes; its patience is ours to wait for."""
    try:
        while connection.recv(65536):
            pass
    except ConnectionResetError:
        pass


def test_an_idle_connection_is_there_for_the_next_scrape(exporter):
    with socket.create_connection(address(exporter), timeout=30) as connection:
        for _ in range(3):
            connection.sendall(b"GET /-/healthy HTTP/1.1\r\nHost: a\r\n\r\n")
            answer = b""
            while not answer.endswith(b"healthy\n"):
                part = connection.recv(65536)
                assert part, "it closed between two scrapes"
                answer += part


@pytest.mark.parametrize("alpn", ["http/1.1", "h2"])
def test_tls_that_is_not_used_is_closed(stage, alpn, tmp_path):
    authority = Authority(tmp_path / "tls")
    authority.sign("server")
    web = tmp_path / "tls/web.yml"
    web.write_text("tls_server_config: {cert_file: server.crt, key_file: server.key}\n")
    exporter = stage.exporter(configuration("http://127.0.0.1:9", web={"config_file": str(web)}))
    context = authority.context()
    context.set_alpn_protocols([alpn])
    with socket.create_connection(address(exporter), timeout=30) as plain:
        # The first byte of a handshake, and no more.
        plain.sendall(b"\x16")
        with context.wrap_socket(socket.create_connection(address(exporter), timeout=30),
                                 server_hostname="localhost") as shaken:
            assert shaken.selected_alpn_protocol() == alpn
            if alpn == "h2":
                # The preface, settings, and the beginning of a request.
                shaken.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0" + b"\0\0\5\1\0\0\0\0\1\x82")
            else:
                shaken.sendall(b"GET / HTTP/1.1\r\nHost:")
            try:
                _closed(shaken)
            except ssl.SSLError:
                pass
        _closed(plain)


def test_a_client_that_takes_nothing_is_not_waited_for(exporter):
    small = socket.socket()
    small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    small.settimeout(60)
    with small:
        small.connect(address(exporter))
        # Answers enough to fill every buffer on the way.
        for _ in range(400):
            try:
                small.sendall(b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
            except (ConnectionResetError, BrokenPipeError, TimeoutError):
                break
        assert http.get(exporter.url + "/metrics").status == 200
