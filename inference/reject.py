"""Why a document gives no article."""

from wasit.models.errors import WasitError


class Reject(WasitError):  # noqa: N818 - it is an outcome of reading a page, not a fault of the program
    """A document that cannot be read as Arabic news, and why.

    Attributes:
        reason: A fixed identifier, a colon and a short explanation: ``not_arabic: 3 % of the letters ...``.
    """

    def __init__(self, identifier: str, explanation: str) -> None:
        """Joins the identifier and its explanation into the reason."""
        self.identifier = identifier
        self.reason = f"{identifier}: {explanation}"
        super().__init__(self.reason)
