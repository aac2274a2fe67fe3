"""The error of the report, for which torch is not imported before there is one: it comes with ``wasit.models``."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wasit.models.errors import InputError


def input_error(message: str) -> "InputError":
    """An ``InputError`` to be raised.

    Args:
        message: Names the place, the value found and what is allowed.
    """
    from wasit.models.errors import InputError

    return InputError(message)
