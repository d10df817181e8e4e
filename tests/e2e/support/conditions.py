"""Every condition that dashboards show and alerts speak of, at once: many simulated NASes, two exporters, a real
Alertmanager and a real Prometheus.

What takes days elsewhere takes no time here: the exporters start with a clock that is days behind, and that clock is then
put right (libfaketime). What they saw before, they saw days ago: the hold, the pause, the file that does not move, the
notification.
"""

import json
from pathlib import Path

from support.acts import CAMERA, DROPBOX, GOOGLE, ONEDRIVE, S3, WEBDAV
from support.admin import Administrated, administrated, by_hash, expect
from support.alertmanager import webhook
from support.automation import BY_LABELS, TOKEN, WEBHOOK, alert, notification, rule
from support.automation import send as send_notification
from support.certificate import self_signed
from support.exporter import write
from support.prometheus import closed_port
from support.simulator import ACCOUNT, PASSWORD
from support.wait import eventually

OTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
CLOUD_SYNC = "SYNO.CloudSync"
LIBRARY = "libfaketime.so.1"
# How far the exporters' clocks are behind at first.
AGO = 5 * 86400
# Certificates that end so soon are worth an alert.
SHORT = 5

# The NASes that are down, and why.
DOWN = {"down_connect": "connect", "down_dns": "dns", "down_tls": "tls", "down_timeout": "timeout", "down_http": "http",
        "down_decode": "decode", "down_auth": "auth", "down_otp": "otp", "down_blocked": "blocked",
        "down_permission": "permission", "down_package": "package_missing", "down_session": "session",
        "down_api": "api", "stale": "http"}


class FakeClock:
    """A clock for programs, by a file that libfaketime reads."""

    def __init__(self, directory):
        directory.mkdir(parents=True, exist_ok=True)
        self.file = directory / "clock"

    def set(self, seconds):
        """So many seconds beside the real time."""
        new = self.file.with_suffix(".new")
        new.write_text(f"{seconds:+d}\n")
        new.replace(self.file)

    def environ(self):
        library = next(iter(sorted(_libraries())), None)
        assert library, f"{LIBRARY} is missing: Debian has it in the package faketime"
        return {"LD_PRELOAD": str(library), "FAKETIME_TIMESTAMP_FILE": str(self.file), "FAKETIME_NO_CACHE": "1"}


def _libraries():
    for root in ("/usr/lib", "/usr/local/lib"):
        yield from Path(root).glob(f"*/faketime/{LIBRARY}")
        yield from Path(root).glob(f"faketime/{LIBRARY}")


def nas(url, password=PASSWORD, **more):
    return {"url": url, "username": ACCOUNT, "password": password, **more}


class Conditions:
    """All of it, running. `groups` are groups of rules for Prometheus, `jobs` further jobs."""

    def __init__(self, stage, groups=(), jobs=()):
        self.stage = stage
        self.clock = FakeClock(stage.directory / "clock")
        self.clock.set(-AGO)
        self.simulators = {}
        self.alertmanager = stage.alertmanager()
        self.lost_alertmanager = f"http://127.0.0.1:{closed_port()}"
        self.main = self._start(self._main())
        self.small = self._start(self._small())
        self.tired, self.busy, self.deaf = (self.simulators[name] for name in ("tired", "busy", "deaf"))
        self._long_ago()
        self.clock.set(0)
        self._good_again()
        self.alertmanager.deliver(webhook(self.main.admin_url + WEBHOOK, TOKEN), repeat_interval="1s")
        self.prometheus = stage.prometheus(
            [*self._jobs(), *jobs], groups=groups, alertmanagers=[self.alertmanager.url])
        eventually(self._scraped)
        self._now()
        eventually(self._seen)

    def _start(self, config):
        environ = self.clock.environ()
        return self.stage.start(Administrated, config, environ=environ)

    def simulator(self, name, *arguments):
        self.simulators[name] = self.stage.simulator(0, *arguments)
        return self.simulators[name]

    def tls(self, name, days):
        """A simulated NAS whose self-signed certificate ends in so many days."""
        pem, _ = self_signed(self.stage.directory / name, days)
        return self.simulator(name, "--tls-cert", pem, "--tls-key", pem)

    def _main(self):
        trusting = {"tls": {"insecure_skip_verify": True}}
        every = {name: nas(self.simulator(name).url) for name in ("tired", "busy", "deaf", "stale")}
        every["down_connect"] = nas(f"http://127.0.0.1:{closed_port()}")
        every["down_dns"] = nas("http://nas.invalid:5000")
        every["down_tls"] = nas(self.tls("down_tls", 30).url)
        every["certificate"] = nas(self.tls("certificate", SHORT).url, **trusting)
        every["down_auth"] = nas(self.simulator("down_auth").url, "wrong")
        every["down_otp"] = nas(self.simulator("down_otp", "--otp-secret", OTP_SECRET).url)
        for name in ("down_timeout", "down_http", "down_decode", "down_blocked", "down_permission", "down_package",
                     "down_session", "down_api"):
            every[name] = nas(self.simulator(name).url)
        self.simulators["down_timeout"].fault("hang")
        self.simulators["down_http"].fault({"status": [502, "<html>"]})
        self.simulators["down_decode"].fault("html200")
        self.simulators["down_blocked"].change(blocked=True)
        self.simulators["down_package"].change(package_installed=False)
        for name, code in (("down_permission", 105), ("down_session", 106), ("down_api", 117)):
            self.simulators[name].fault({"code": code}, CLOUD_SYNC, "list_conn")
        self.simulators["deaf"].change(ignores_pause=True)
        rules = {
            "latched": rule('alertname="Latched"', BY_LABELS, latch=True),
            # The hold of an alert that the Alertmanager does not have would end at the second look.
            "pausing": rule('alertname="Pausing"', BY_LABELS, release_delay="1h"),
            "limiting": rule('alertname="Limiting"', BY_LABELS, release_delay="1h", action="settings",
                             set={"max_upload_speed": 512}),
        }
        section = {"mode": "enforce", "max_held_share": 1, "verify_timeout": "30m", "rules": rules,
                   "alertmanagers": [self.alertmanager.url, self.lost_alertmanager], "reconcile_interval": "1s"}
        return self._config("main", every, {"per_file": True}, automation=section)

    def _small(self):
        """An exporter with too many series, whose NAS refuses one part and answers another with nonsense."""
        one = self.simulator("crowded")
        one.fault({"code": 117}, CLOUD_SYNC, "get_property")
        one.fault({"raw_data": {"worker_count": "many", "volume_list": "none"}}, CLOUD_SYNC, "get_config")
        return self._config("small", {"crowded": nas(one.url)}, {"max_series": 300})

    def _config(self, name, every, metrics, **sections):
        tokens = {"alertmanager": by_hash(TOKEN, ["webhook"])}
        config = administrated("http://unused", self.stage.directory / f"state-{name}", tokens, metrics=metrics,
                               poll={"timeout": "4s"}, **sections)
        config["nas"] = every
        return config

    def _long_ago(self):
        """What happened days ago."""
        for name in ("tired", "busy", "deaf", "stale", "certificate"):
            self.main.polled(name)
        self.small.polled("crowded")
        expect(200, self.main.admin.post(f"/nas/tired/connections/{DROPBOX}/pause", {"reason": "a move"}))
        self.tell(self.main, "Latched", "tired", WEBDAV)
        self.tell(self.small, "Hello", "crowded", DROPBOX)

        def held():
            metrics = self.main.metrics()
            assert metrics.value("cloudsync_hold_in_effect", nas="tired", conn_id=str(DROPBOX)) == 1
            assert metrics.value("cloudsync_hold_in_effect", nas="tired", conn_id=str(WEBDAV)) == 1

        eventually(held)
        self.simulators["stale"].fault({"status": [502, "<html>"]})

        def stale():
            assert self.main.metrics().value("cloudsync_up", nas="stale") == 0

        eventually(stale)

    def _good_again(self):
        """Waits until the clock was noticed: data that seemed to be days old are not shown for a moment."""
        for name in ("tired", "busy", "deaf", "certificate"):
            self.main.polled(name)

        def stuck():
            found = self.main.metrics().select("cloudsync_transfers_stalled", nas="tired", conn_id=str(CAMERA))
            assert max(value for _, value in found) == 1, found

        eventually(stuck)

    def tell(self, exporter, name, where, connection):
        """Posts an alert on a connection to the webhook."""
        one = alert(name, connection, labels={"nas": where})
        expect(200, send_notification(exporter, notification(one)))

    def job(self, name, exporter, **more):
        return {"job_name": name, "static_configs": [{"targets": [exporter.url.removeprefix("http://")]}], **more}

    def _jobs(self):
        gone = {"job_name": "cloudsync-gone", "static_configs": [{"targets": [f"127.0.0.1:{closed_port()}"]}]}
        # The same NAS a second time, as of another exporter: no rule may break of it.
        again = self.job("cloudsync-again", self.main, metrics_path="/probe", params={"nas": ["tired"]})
        return [self.job("cloudsync", self.main), self.job("cloudsync-small", self.small), gone, again]

    def _scraped(self):
        for name in ("tired", "busy", "deaf", "certificate"):
            assert len(self.prometheus.query(f'count_over_time(cloudsync_connections{{nas="{name}"}}[1m]) > 1'))
        assert self.prometheus.query("count_over_time(cloudsync_down_reason[1m]) > 1")

    def _now(self):
        """What happens now, seen by Prometheus as it comes."""
        tired, busy = self.tired, self.busy
        for task, error in ((3, -12), (1, -25), (6, -26)):
            tired.ask("POST", "/task", {"id": task, "error": error})
        tired.ask("POST", "/connection", {"id": GOOGLE, "status": "error", "error": -7})
        self.simulators["certificate"].ask("POST", "/connection", {"id": WEBDAV, "status": "unlink", "link_status": 0})
        tired.ask("POST", "/volume", {"mount_point": "/volume1", "size_free": 1 << 30})
        # Hours of moving, so that what is found is unlike what was.
        busy.ask("POST", "/moving", {"moving": True})
        total = 15 << 30
        busy.ask("POST", "/connection", {"id": CAMERA, "quota_total": total, "quota_used": total * 85 // 100})
        busy.ask("POST", "/connection", {"id": GOOGLE, "quota_total": total, "quota_used": total})
        eventually(lambda: self._query('cloudsync_connection_quota_used_bytes{nas="busy", conn_id="3"} >= 15 * 2^30'))
        busy.ask("POST", "/connection", {"id": CAMERA, "quota_used": total * 88 // 100})
        # More rows than are read between two polls.
        busy.ask("POST", "/log", {"task": 1, "action": 0, "count": 900})
        # At once, as a poll may come between two.
        busy.ask("POST", "/log", {"task": 1, "action": 3, "count": 1800})
        busy.ask("POST", "/log", {"task": 2, "action": 6, "log_level": 2, "error_code": -21, "count": 60})
        busy.ask("POST", "/log", {"task": 6, "action": 7, "log_level": 2, "error_code": -10, "count": 60})
        # In a direction that has no name.
        busy.ask("POST", "/transfer", {"task": 2, "path": "/projects/north/Model.skp", "status": "comparing",
                                       "total_size": 1 << 40})
        self._another_wrong_password()
        admin = self.main.admin
        expect(200, admin.post(f"/nas/busy/connections/{S3}/pause", {"reason": "the line", "for": "30d"}))
        # Refused, and never shown.
        busy.fault({"code": 401}, CLOUD_SYNC, "pause", connection_id=DROPBOX)
        self._refused()
        self._released()
        eventually(lambda: self._query('cloudsync_action_failures_total{nas="busy", source="api"} > 0'))
        eventually(lambda: self._query('cloudsync_actions_total{nas="busy", source="release"} > 0'))
        self._released()
        for _ in range(4):
            self._refused()
        self.tell(self.main, "Pausing", "deaf", DROPBOX)
        self.tell(self.main, "Limiting", "busy", ONEDRIVE)
        eventually(self._held)
        expect(200, admin.post("/automation/freeze", {"reason": "a drill"}))
        self.tell(self.main, "Pausing", "busy", WEBDAV)
        refused = send_notification(self.main, {"version": "9", "alerts": []})
        assert refused.status in (400, 422), refused
        # A file that cannot be loaded leaves the one before in force.
        broken = json.loads(self.small.file.read_text())
        broken["poll"]["interval"] = "never"
        write(self.small.directory, broken)
        assert self.small.admin.post("/-/reload").status >= 400

    def _held(self):
        found = self.main.metrics().select("cloudsync_hold_in_effect")
        shown = {(labels["nas"], labels["rule"]): value for labels, value in found}
        assert shown.get(("deaf", "pausing")) == 0 and shown.get(("busy", "limiting")) == 1, shown

    def _refused(self):
        refused = self.main.admin.post(f"/nas/busy/connections/{DROPBOX}/pause", {"reason": "a try"})
        assert refused.status == 502, refused

    def _released(self):
        """A hold that ends by itself."""
        body = {"reason": "for a moment", "for": "1s"}
        expect(200, self.main.admin.post(f"/nas/busy/connections/{WEBDAV}/pause", body))

        def free():
            found = self.main.metrics().select("cloudsync_holds", nas="busy", conn_id=str(WEBDAV))
            assert not found, found

        eventually(free)

    def _another_wrong_password(self):
        config = json.loads(self.main.file.read_text())
        config["nas"]["down_auth"]["password"] = "wrong as well"
        write(self.main.directory, config)
        expect(200, self.main.admin.post("/-/reload"))

    def _query(self, expression):
        assert self.prometheus.query(expression), expression

    def _seen(self):
        """Waits until Prometheus has seen what happened."""
        for expression in (
                'increase(cloudsync_log_events_total{nas="busy", action="delete_local"}[5m]) > 500',
                'increase(cloudsync_log_errors_total{nas="busy", error="request_throttled"}[5m]) > 5',
                'increase(cloudsync_log_events_missed_total{nas="busy"}[5m]) > 0',
                'increase(cloudsync_transferred_bytes_total{nas="busy", direction="upload"}[5m]) > 0',
                'increase(cloudsync_transferred_bytes_total{nas="busy", direction="other"}[5m]) > 0',
                'increase(cloudsync_nas_login_failures_total{nas="down_auth"}[5m]) > 0',
                'increase(cloudsync_actions_total{nas="busy", source="release"}[5m]) > 0',
                'cloudsync_connection_quota_used_bytes{nas="busy", conn_id="5"} > 13 * 2^30',
                'cloudsync_automation_frozen == 1',
                'cloudsync_task_error_code{nas="tired"} == -26',
                'cloudsync_connection_error_code{nas="tired"} == -7',
                'cloudsync_volume_free_bytes{nas="tired", volume="/volume1"} == 2^30',
                'cloudsync_action_blocked_total{reason="frozen"} > 0',
                'increase(cloudsync_action_failures_total{nas="busy"}[5m]) > 3',
                'cloudsync_connection_status{nas="certificate", status="unlink"} == 1',
                'cloudsync_alertmanager_up == 0',
                'cloudsync_alertmanager_up == 1',
                'cloudsync_webhook_rejected_total > 0',
                'cloudsync_exporter_config_last_reload_successful == 0',
                'increase(cloudsync_exporter_series_dropped_total[5m]) > 0',
        ):
            assert self.prometheus.query(expression), expression
        reasons = {labels["nas"]: labels["reason"] for labels, _ in self.prometheus.query("cloudsync_down_reason == 1")}
        assert reasons == DOWN, reasons
