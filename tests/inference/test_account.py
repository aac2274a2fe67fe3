import json

import pyarrow as pa
import pytest

from wasit.inference.account import Account, ChunkCounts
from wasit.inference.documents import Rejection

SCHEMA = pa.schema(
    [
        ("doc_id", pa.string()),
        ("mediators", pa.list_(pa.struct([("mediator", pa.string())]))),
        ("tokens", pa.int32()),
        ("windows", pa.int32()),
    ]
)
RECORDS = [
    {"doc_id": "a", "mediators": [{"mediator": "qatar"}, {"mediator": "egypt"}], "tokens": 10, "windows": 1},
    {"doc_id": "a", "mediators": [], "tokens": 700, "windows": 2},
    {"doc_id": "b", "mediators": [{"mediator": "qatar"}], "tokens": 5, "windows": 1},
]
REJECTIONS = [Rejection("c", "empty: no text"), Rejection("d", "bad_json: line 1: x"), Rejection("e", "empty: no")]
COUNTS = ChunkCounts(5, 2, 3, 3, 715, 4, {"empty": 2, "bad_json": 1})


def test_a_chunk_is_counted() -> None:
    assert ChunkCounts.of(5, pa.Table.from_pylist(RECORDS, schema=SCHEMA), REJECTIONS) == COUNTS
    assert ChunkCounts.of_records(5, RECORDS, REJECTIONS) == COUNTS
    assert ChunkCounts.of(0, SCHEMA.empty_table(), []) == ChunkCounts.of_records(0, [], []) == ChunkCounts()


def test_counts_go_through_json() -> None:
    assert ChunkCounts.from_dict(json.loads(json.dumps(COUNTS.to_dict()))) == COUNTS
    account = Account(unknown_files=("photo.jpg",), seconds=1.5)
    account.add(COUNTS)
    assert Account.from_run(json.loads(json.dumps(account.to_run()))) == account


def test_the_account_of_a_run_is_the_sum_of_its_chunks() -> None:
    account = Account(unknown_files=tuple(f"{index}.jpg" for index in range(12)), seconds=2.04)
    account.add(COUNTS)
    account.add(ChunkCounts(1, 0, 0, 0, 0, 0, {"empty": 1}))
    assert account.rejected == 4
    assert account.summary() == (
        "6 documents = 2 with articles + 4 rejected (3 empty, 1 bad_json)\n"
        "3 articles in 2.0 s\n"
        "not read, for their ending (12): 0.jpg, 1.jpg, 2.jpg, 3.jpg, 4.jpg, 5.jpg, 6.jpg, 7.jpg, 8.jpg, 9.jpg "
        "and 2 more"
    )
    assert account.to_dict() == {
        "documents": 6,
        "documents_with_articles": 2,
        "rejects": 4,
        "rejects_by_reason": {"empty": 3, "bad_json": 1},
        "articles": 3,
        "unknown_files": 12,
    }


def test_a_document_that_vanishes_is_an_error() -> None:
    with pytest.raises(AssertionError, match="2 documents, but 1 \\+ 0 results"):
        Account().add(ChunkCounts(documents=2, classified=1, articles=1))
