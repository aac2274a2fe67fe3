import html

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from wasit.models.card_text import CardTable, escaped, fenced, one_line

MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
HOSTILE = [
    "<script>alert(1)</script>",
    "</div><img src=x onerror=alert(1)>",
    "[here](javascript:alert(1)) ![](http://198.51.100.1/seen.png)",
    "a | b || c",
    "**bold** _slanted_ __x__ ~~struck~~ `code`",
    "# heading",
    "- - item",
    "1. first",
    "2) second",
    "> quoted",
    "--- ",
    "- -- -",
    "+",
    "[x]: http://198.51.100.1 (title)",
    "[ ] to do",
    "[a][b] [c]",
    "&copy AT&T; &#42;",
    "=== ",
    "&lt;b&gt; &amp; \\| \\(x\\) $$x$$",
    "<!-- scores: start -->",
    "peace_process and _private_file_.jsonl",
    "الموضوع_الأول *مهم*",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_text_is_shown_as_it_is_wherever_it_stands(text: str) -> None:
    plain = html.escape(" ".join(text.split()))
    assert MARKDOWN.render(f"- {escaped(text)}") == f"<ul>\n<li>{plain}</li>\n</ul>\n"
    assert MARKDOWN.render(f"## {escaped(text)}") == f"<h2>{plain}</h2>\n"
    table = MARKDOWN.render(CardTable("t", (text, "n"), ((text, "1"),), names=1).markdown)
    assert f"<th>{plain}</th>" in table
    assert f"<td>{plain}</td>" in table
    assert table.count("<td") == 2


@given(st.text(alphabet="\\`*_{}[]()<>#+-=.!|~$&;:/\"'19aب ", min_size=1))
def test_no_signs_mark_anything(text: str) -> None:
    plain = html.escape(" ".join(text.split()), quote=False).replace('"', "&quot;")
    assert MARKDOWN.render(f"word {escaped(text)} word") == f"<p>{' '.join(['word', plain, 'word'])}</p>\n"


@pytest.mark.parametrize(
    "text",
    ["train_set_2.jsonl", "0.611 [0.402, 0.754]", "-0.300 [-0.400, +0.100]", "Arts & media", "1. FC", "3.5"],
)
def test_names_and_numbers_can_be_read_in_the_file_itself(text: str) -> None:
    assert escaped(text) == text.replace("1. ", "1&#46; ")


def test_what_hides_or_reorders_text_is_replaced_and_the_rest_is_kept() -> None:
    assert one_line("a\u202eb\u2066c\x1b[2J\udcff") == "a�b�c�[2J�"
    assert one_line("می\u200cشود\n---\r\nسطر") == "می\u200cشود --- سطر"
    assert escaped("\udc80").encode() == "�".encode()


def test_no_line_ends_a_block_of_code() -> None:
    text = "a: |\n```\n  ````\n<!-- x -->\n~~~"
    (token,) = MARKDOWN.parse(fenced(text, "yaml"))
    assert (token.type, token.info, token.content) == ("fence", "yaml", text + "\n")
