"""Several people at once, each with a database connection of their own."""

import threading
from concurrent.futures import ThreadPoolExecutor

from django.db import connections


def in_threads(*actions):
    """What each action returns; each has a database connection of its own."""
    together = threading.Barrier(len(actions))

    def run(action):
        together.wait()
        try:
            return action()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(actions)) as pool:
        return [future.result() for future in [pool.submit(run, action) for action in actions]]
