"""What can be wrong with what a user gives, said so that the user can mend it."""

from collections.abc import Iterable


class WasitError(Exception):
    """An error that is meant to be read by a user, not by a debugger."""


class ConfigError(WasitError, ValueError):
    """A configuration file with one or more problems, all of them reported together.

    Attributes:
        problems: One line a problem, each naming file, key, what was found and what is allowed.
    """

    def __init__(self, problems: Iterable[str]) -> None:
        """Collects the problems into one message, a line each."""
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class InputError(WasitError, ValueError):
    """Input that cannot be used: the message names the place, the value found and what is allowed."""
