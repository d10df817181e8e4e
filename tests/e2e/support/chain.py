"""The chain from a condition to a webhook: a page of conditions for Prometheus, its alerting rules, and a webhook that
only writes down what it is sent."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from support.wait import eventually


class Server:
    """An HTTP server of the test's own on any port. `stop` ends it."""

    def __init__(self):
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # An idle connection does not keep the server from ending.
            timeout = 30

            def do_GET(handler):
                self._reply(handler, *self.get(handler))

            def do_POST(handler):
                self._reply(handler, *self.post(handler))

            def log_message(handler, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()

    @staticmethod
    def _reply(handler, status, body):
        handler.send_response(status)
        # Prometheus wants to know what a page is.
        handler.send_header("Content-Type", "text/plain; version=0.0.4")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def get(self, _):
        return 404, b""

    def post(self, _):
        return 404, b""

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class Conditions(Server):
    """Conditions outside of any NAS, as a page for Prometheus: the gauge `condition` with the label `scene`."""

    def __init__(self, _directory=None):
        self.scenes = {}
        super().__init__()

    def set(self, scene, value):
        self.scenes[scene] = value

    def job(self):
        return job("conditions", self.url)

    def get(self, _):
        lines = [f'condition{{scene="{scene}"}} {value}' for scene, value in dict(self.scenes).items()]
        return 200, ("# TYPE condition gauge\n" + "\n".join(lines) + "\n").encode()


class Recorder(Server):
    """A webhook that writes down what it is sent, and answers `status`."""

    def __init__(self, _directory=None):
        self.status = 200
        self.received = []
        super().__init__()

    def post(self, handler):
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        self.received.append((handler.command, handler.path, dict(handler.headers), json.loads(body)))
        return self.status, b""

    def told(self, status, **labels):
        """The alerts with this status and these labels among all that came, each as often as it came."""
        return [alert for _, _, _, body in list(self.received) for alert in body["alerts"]
                if alert["status"] == status and labels.items() <= alert["labels"].items()]

    def hears(self, status, **labels):
        """Waits until an alert with this status and these labels has come."""

        def heard():
            found = self.told(status, **labels)
            assert found, self.received
            return found[-1]

        return eventually(heard)


def job(name, url):
    """What Prometheus scrapes of a server."""
    return {"job_name": name, "static_configs": [{"targets": [url.removeprefix("http://")]}]}


def alerting(name, expression, **labels):
    """An alerting rule."""
    return {"alert": name, "expr": expression, "labels": labels,
            "annotations": {"summary": "the value is {{ $value }}"}}
