"""What can go wrong between this machine and the Hugging Face Hub: tried again, or told in a sentence."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple, TypeVar

import httpx2
from huggingface_hub import constants, get_token
from huggingface_hub.errors import (
    DisabledRepoError,
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    IncompleteSnapshotError,
    LocalEntryNotFoundError,
    LocalTokenNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
    RevisionResolutionError,
)

from wasit.models.errors import InputError, WasitError
from wasit.models.redaction import clean

T = TypeVar("T")

LOGIN = "log in with `hf auth login`, or set HF_TOKEN to a token from {}/settings/tokens"
"""How to log in; the braces stand for the address of the Hub."""


class Kind(NamedTuple):
    """What a sentence speaks of.

    Attributes:
        noun: What it is called.
        folder: What stands before its name in addresses of the Hub.
        elsewhere: Where else it has been looked for.
        broken: What is to be known when the connection breaks off.
        is_streamed: Whether it is read on the Hub, and not in the cache of this machine.
        hint: What may have been meant, when there is none of the name.
    """

    noun: str
    folder: str
    elsewhere: str
    broken: str
    is_streamed: bool = False
    hint: str = ""


MODEL = Kind(
    "model", "", "no folder of that name here, and ", "the same command again goes on with what is not done yet"
)
DATA_SET = Kind(
    "data set", "datasets/", "", "data sets are streamed, which needs the network all the time", is_streamed=True
)

# The library tries most requests again by itself; these are for those that it does not.
_WAITS = (1, 2, 4)
_PASSING = (408, 429, 500, 502, 503, 504)
# No second try finds another network or proxy.
_LASTING = (httpx2.ConnectError, httpx2.ProxyError, httpx2.UnsupportedProtocol)
_CONFLICTS = (409, 412)


def how_to_log_in() -> str:
    """What to do without a login."""
    return LOGIN.format(constants.ENDPOINT)


def patiently(call: Callable[[], T]) -> T:
    """Asks the Hub, and again after a while if it is overloaded or the connection breaks off.

    Raises:
        Exception: What ``call`` raises, if it is lasting or has not passed.
    """
    for wait in _WAITS:
        try:
            return call()
        except Exception as error:
            if not _may_pass(error):
                raise
        time.sleep(wait)
    return call()


def _may_pass(error: BaseException) -> bool:
    if isinstance(error, RevisionResolutionError) and error.__cause__ is not None:
        error = error.__cause__
    if isinstance(error, HfHubHTTPError):
        return error.response.status_code in _PASSING
    if _is_cut_short(error):
        return True
    return isinstance(error, httpx2.TransportError) and not isinstance(error, _LASTING)


def _is_cut_short(error: BaseException) -> bool:
    # The library's error for it is of no class of its own.
    return isinstance(error, OSError) and str(error).startswith("Consistency check failed")


@contextmanager
def hub_told(name: str, doing: str, kind: Kind = MODEL) -> Iterator[None]:
    """Tells in a sentence what the Hub, the network or the cache did not do.

    Args:
        name: What the user called the model or data set.
        doing: What is done with it: ``fetched``, ``uploaded`` or ``read``.
        kind: Which of them it is.

    Raises:
        InputError: If the block fails.
    """
    try:
        yield
    except WasitError:
        raise
    except (
        httpx2.HTTPError,
        httpx2.InvalidURL,
        EntryNotFoundError,
        RevisionResolutionError,
        OSError,
        RuntimeError,
        ValueError,
    ) as error:
        raise InputError(_sentence(name, doing, kind, error)) from error


def _sentence(name: str, doing: str, kind: Kind, error: BaseException) -> str:
    chain = list(_causes(error))
    told = f"{kind.noun} {name!r}"
    if kind.is_streamed and any(isinstance(one, OfflineModeIsEnabled) for one in chain):
        return (
            f"{told} cannot be {doing}: HF_HUB_OFFLINE is set, and {kind.noun}s are streamed, which needs the "
            "network; unset it, or download the files once and name them by their paths"
        )
    for one in chain:
        if isinstance(one, HfHubHTTPError):
            return _answered(name, doing, kind, one)
    if any(isinstance(one, LocalEntryNotFoundError | RevisionResolutionError) for one in chain):
        return _not_cached(name, chain)
    for one in chain:
        if isinstance(one, LocalTokenNotFoundError):
            return f"{told} cannot be {doing} without a login: {how_to_log_in()}"
        if isinstance(one, httpx2.TransportError):
            return (
                f"{told} could not be {doing}: no connection to {constants.ENDPOINT}, or it broke off "
                f"({_reason(one)}); {kind.broken}"
            )
    return f"{told} could not be {doing}: {_reason(error)}"


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__


def _answered(name: str, doing: str, kind: Kind, error: HfHubHTTPError) -> str:
    """What the Hub said."""
    status = error.response.status_code
    told = f"{kind.noun} {name!r}"
    page = f"{constants.ENDPOINT}/{kind.folder}{name.partition('@')[0]}"
    if isinstance(error, GatedRepoError):
        return f"{told} is gated: ask for access on {page}, and then {how_to_log_in()}"
    if isinstance(error, DisabledRepoError):
        return f"{told} was disabled by its owner or by the Hub; see {page}"
    if isinstance(error, RevisionNotFoundError):
        return f"{told}: there is no such branch, tag or commit; see {page}/tree/main"
    if isinstance(error, RepositoryNotFoundError) or status == 404 or (status == 401 and get_token() is None):
        return (
            f"there is no {told}: {kind.elsewhere}no repository that you may read or write on "
            f"{constants.ENDPOINT} ({status}); check the name, or if it is private, {how_to_log_in()}{kind.hint}"
        )
    if status == 401:
        return f"{told} could not be {doing}: the Hub does not accept the token (401); {how_to_log_in()}"
    if status == 403:
        return (
            f"{told} could not be {doing}: your token has no right to do so (403{_said(error)}); "
            f"{how_to_log_in()} with that right"
        )
    if status in _CONFLICTS:
        return (
            f"{told} could not be {doing}: somebody else changed the repository meanwhile "
            f"({status}{_said(error)}); look at {page}, then give the same command again"
        )
    if status in _PASSING:
        return (
            f"{told} could not be {doing}: the Hub is overloaded or out of order "
            f"({status}{_said(error)}); try again later"
        )
    return f"{told} could not be {doing}: the Hub refused it ({status}{_said(error)})"


def _not_cached(name: str, chain: list[BaseException]) -> str:
    part = "only in parts" if any(isinstance(one, IncompleteSnapshotError) for one in chain) else "not"
    if constants.is_offline_mode():
        why = "HF_HUB_OFFLINE forbids to fetch it: unset it once"
    else:
        broken = [one for one in chain if isinstance(one, httpx2.TransportError)]
        reason = f" ({_reason(broken[0])})" if broken else ""
        why = f"{constants.ENDPOINT} cannot be reached{reason}: go online once"
    return (
        f"there is no folder {name!r}, the model of that name is {part} in the cache of this machine, and {why}, "
        "or name a folder"
    )


def _said(error: HfHubHTTPError) -> str:
    return f": {clean(error.server_message)}" if error.server_message else ""


def _reason(error: BaseException) -> str:
    if _is_cut_short(error):
        return "a file came shorter or longer than the Hub has listed it; try again later, or from another network"
    return clean(str(error)) or type(error).__name__
