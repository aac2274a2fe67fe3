import pytest
from hypothesis import given
from hypothesis import strategies as st

from wasit.inference import seen_ids
from wasit.inference.seen_ids import SeenIds


@given(st.lists(st.text(max_size=3)))
def test_an_id_is_new_once(ids: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(seen_ids, "_FEWEST_MERGED", 3)
        seen = SeenIds()
        assert [one for one in ids if seen.add(one)] == list(dict.fromkeys(ids))
