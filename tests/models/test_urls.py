import pytest

from wasit.models.urls import data_name, file_name, is_url


@pytest.mark.parametrize(
    ("path", "file", "data"),
    [
        ("gold/a.csv", "a.csv", "a.csv"),
        ("/data/what?.csv", "what?.csv", "what?.csv"),
        ("https://host/a.csv?signature=x/y", "a.csv", "a.csv"),
        ("s3://bucket/folder/what?.csv", "what?.csv", "what?.csv"),
        ("hf://datasets/lab/news@v1/", "news@v1", "hf://datasets/lab/news@v1/"),
    ],
)
def test_data_are_called_by_their_file_and_on_the_hub_by_all(path: str, file: str, data: str) -> None:
    assert (file_name(path), data_name(path)) == (file, data)
    assert is_url(path) == ("://" in path)
