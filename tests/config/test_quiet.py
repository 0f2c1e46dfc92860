"""What strangers do fills no log: one line for each call, and a traceback only where it helps somebody."""

import logging

from django.test import Client


def test_a_call_for_another_host_is_one_line_of_warning(caplog):
    response = Client(headers={"host": "scanner.example"}).get("/healthz/no-such-page/")
    assert response.status_code == 400
    [record] = [logged for logged in caplog.records if logged.levelno >= logging.WARNING]
    assert (record.levelname, record.exc_info) == ("WARNING", None)
    assert record.getMessage() == "Invalid HTTP_HOST header: 'scanner.example'. PUBLIC_URL has the one people use."
