import signal
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from wasit.inference.report_engine import engine
from wasit.inference.report_failures import failures_told
from wasit.models.errors import InputError

duckdb = pytest.importorskip("duckdb")


def test_ctrl_c_while_rows_are_read_is_no_error_of_the_database(tmp_path: Path) -> None:
    def batches() -> Iterator[pa.RecordBatch]:
        for number in range(3):
            signal.raise_signal(signal.SIGINT)
            yield pa.record_batch({"number": [number]})

    rows = pa.RecordBatchReader.from_batches(pa.schema({"number": pa.int64()}), batches())
    with pytest.raises(KeyboardInterrupt), failures_told(tmp_path), engine(tmp_path) as connection:
        connection.register("stream", rows)
        connection.execute("CREATE TABLE numbers AS SELECT * FROM stream")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_ctrl_c_that_the_database_tells_in_its_own_way_is_ctrl_c(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), failures_told(tmp_path):
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            raise RuntimeError("Query interrupted") from None


def test_a_full_disk_is_told_with_its_place_when_the_database_spills(tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with pytest.raises(InputError) as told, failures_told(scratch), engine(scratch, threads=1) as connection:
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
