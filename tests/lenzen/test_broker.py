"""Messages of the clock reach the worker also where there is no Redis."""

from queue import Empty

import pytest
from kombu import Connection


def test_a_message_that_is_just_being_written_ends_no_worker(tmp_path):
    folders = {"data_folder_in": str(tmp_path), "data_folder_out": str(tmp_path)}
    options = folders | {"control_folder": str(tmp_path / "control")}
    with Connection(transport="lenzen.broker:Transport", transport_options=options) as files:
        queue = files.SimpleQueue("celery")
        (tmp_path / "0_begun.celery.msg").touch()

        with pytest.raises(Empty):
            queue.get_nowait()
        queue.put("run")

        assert queue.get_nowait().payload == "run"
