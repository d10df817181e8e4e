"""Tests that are marked `at_once` run at the same time as those of their file, in threads: they wait most of the time.
Each that takes the fixture `stage` has one of its own. Other fixtures are shared, so they have to be the file's."""

import inspect
import os
from concurrent.futures import ThreadPoolExecutor

# The programs of several tests share a processor.
MOST = 4 * os.cpu_count()


class AtOnce:
    """Runs marked tests, and keeps what came of them until pytest asks."""

    def __init__(self, make_stage):
        self.make_stage = make_stage
        self.pool = ThreadPoolExecutor(MOST)
        self.begun = {}

    def run(self, item):
        """A test, to its end. The first of a file begins all of them."""
        if item not in self.begun:
            for each in item.session.items:
                if each.path == item.path and each.get_closest_marker("at_once"):
                    self.begun[each] = self.pool.submit(self._perform, each, dict(item.funcargs))
        self.begun[item].result()

    def _perform(self, item, shared):
        given = shared | (item.callspec.params if hasattr(item, "callspec") else {})
        arguments = {name: given[name] for name in inspect.signature(item.obj).parameters}
        if "stage" not in arguments:
            item.obj(**arguments)
            return
        with self.make_stage(shared["stage"].directory / item.name) as stage:
            item.obj(**{**arguments, "stage": stage})

    def stop(self):
        """What has not begun does not begin any more."""
        self.pool.shutdown(cancel_futures=True)
