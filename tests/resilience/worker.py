"""The worker and its clock in one process, as `up` starts them in two."""

import os

from lenzen.celery import app


def run():
    options = ["--beat", "--schedule", os.environ["BEAT_SCHEDULE"], "--pool", "solo"]
    app.worker_main(["worker", *options, "--without-gossip", "--without-mingle"])
