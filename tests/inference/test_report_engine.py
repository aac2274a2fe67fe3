import os
import signal
import threading
from pathlib import Path

import pytest

from wasit.inference.report_engine import engine, failures_told
from wasit.models.errors import InputError

duckdb = pytest.importorskip("duckdb")


def test_ctrl_c_ends_a_query(tmp_path: Path) -> None:
    endless = "CREATE TABLE one AS SELECT max(md5(range::VARCHAR)) FROM range(10000000000)"
    press = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    with pytest.raises(KeyboardInterrupt), failures_told(tmp_path), engine(tmp_path) as connection:
        press.start()
        connection.execute(endless)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_full_disk_is_told_with_its_place_when_the_database_spills(tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with pytest.raises(InputError) as told, failures_told(scratch), engine(scratch) as connection:
        connection.execute("SET memory_limit = '20MB'; SET max_temp_directory_size = '1MB'")
        connection.execute(
            "CREATE TABLE words AS SELECT md5(range::VARCHAR) AS word FROM range(600000) ORDER BY 1"
        )
    assert f"the disk is full: a report keeps what it counts in {tmp_path}" in str(told.value)
    assert "TMPDIR" in str(told.value)


def test_a_full_disk_is_told_when_the_database_is_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the disk is full"), failures_told(tmp_path):
        raise duckdb.IOException('IO Error: Could not write file "rows.duckdb": No space left on device')


def test_other_failures_stay_what_they_are(tmp_path: Path) -> None:
    with pytest.raises(duckdb.ParserException), failures_told(tmp_path), engine(tmp_path) as connection:
        connection.execute("SELECT FROM WHERE")
