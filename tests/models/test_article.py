import pytest
from hypothesis import given
from hypothesis import strategies as st

from wasit.models.article import Article


def article_of(document: str, spans: tuple[tuple[int, int], ...]) -> Article:
    return Article("\n".join(document[start:end] for start, end in spans), spans)


@given(st.text(min_size=1), st.lists(st.integers(0, 60), min_size=2, max_size=12, unique=True))
def test_every_character_is_found_again_in_the_document(document: str, cuts: list[int]) -> None:
    cuts = sorted(min(cut, len(document)) for cut in cuts)
    spans = tuple(zip(cuts[::2], cuts[1::2], strict=False))
    article = article_of(document, spans)
    joints = {sum(end - start + 1 for start, end in spans[: index + 1]) - 1 for index in range(len(spans))}
    for offset, character in enumerate(article.text):
        if offset not in joints:
            assert document[article.to_document(offset)] == character


def test_the_end_of_the_text_is_the_end_of_the_last_span() -> None:
    article = article_of("العنوان [إعلان] المتن", ((0, 7), (16, 21)))
    assert article.to_document(len(article.text)) == 21
    assert (article.start, article.end) == (0, 21)


@pytest.mark.parametrize("offset", [-1, 4])
def test_an_offset_outside_the_text_is_an_error(offset: int) -> None:
    with pytest.raises(IndexError, match="outside an article of 3"):
        Article.of_document("نصّ").to_document(offset)


def test_the_hash_counts_words_not_spaces() -> None:
    first = Article.of_document("وصل الوفد\n\nإلى مسقط")
    second = Article.of_document(" وصل  الوفد إلى مسقط ")
    assert first.content_hash == second.content_hash
    assert first.content_hash != Article.of_document("وصل الوفد إلى الدوحة").content_hash
