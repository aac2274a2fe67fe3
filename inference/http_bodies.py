"""Undoes what HTTP does to a page on its way: chunks and compression."""

import gzip
import io
import zlib
from collections.abc import Callable

from wasit.inference.reject import Reject


def decode_body(data: bytes, transfer: str, content: str, most: int) -> bytes:
    """Gives the page of a body.

    Args:
        data: The body as it was sent. Some archives store it decoded and keep the headers: then it is left as it
            is.
        transfer: The header ``Transfer-Encoding``.
        content: The header ``Content-Encoding``.
        most: Bytes that the page has at most.

    Raises:
        Reject: If the body is damaged or too long, or the encoding is not known.
    """
    for coding in reversed([*_names(content), *_names(transfer)]):
        if data.lstrip().startswith(b"<"):
            return data
        decoder = _DECODERS.get(coding)
        if decoder is None:
            raise Reject("bad_body", f"found the encoding {coding!r}, allowed: {', '.join(_DECODERS)}")
        data = decoder(data, most)
        if len(data) > most:
            raise Reject("too_long", f"found more than {most:,} bytes, at most {most:,} are allowed")
    return data


def _names(header: str) -> list[str]:
    names = [name.strip().lower() for name in header.split(",")]
    return [name for name in names if name not in ("", "identity")]


def _join_chunks(data: bytes, most: int) -> bytes:
    stream = io.BytesIO(data)
    pieces: list[bytes] = []
    while True:
        line = stream.readline()
        try:
            size = int(line.partition(b";")[0], 16)
        except ValueError:
            raise _broken_off("chunked") from None
        if size == 0:
            return b"".join(pieces)
        piece = stream.read(max(size, 0))
        if len(piece) != size:
            raise _broken_off("chunked")
        pieces.append(piece)
        stream.readline()


def _unzip(data: bytes, most: int) -> bytes:
    try:
        with gzip.open(io.BytesIO(data)) as stream:
            return stream.read(most + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise _broken_off("gzip") from error


def _inflate(data: bytes, most: int) -> bytes:
    # The name stands for zlib, but many servers send what is inside of it.
    for bits in (zlib.MAX_WBITS, -zlib.MAX_WBITS):
        inflater = zlib.decompressobj(bits)
        try:
            text = inflater.decompress(data, most + 1)
        except zlib.error:
            continue
        if inflater.eof or len(text) > most:
            return text
    raise _broken_off("deflate")


def _unbrotli(data: bytes, most: int) -> bytes:
    import brotli

    decompressor, pieces, size = brotli.Decompressor(), [], 0
    try:
        piece = decompressor.process(data, output_buffer_limit=most + 1)
        while piece and size <= most:
            pieces.append(piece)
            size += len(piece)
            piece = decompressor.process(b"", output_buffer_limit=most + 1)
    except brotli.error as error:
        raise _broken_off("br") from error
    if size <= most and not decompressor.is_finished():
        raise _broken_off("br")
    return b"".join(pieces)


def _broken_off(coding: str) -> Reject:
    return Reject("bad_body", f"the page is damaged or breaks off, encoded as {coding!r}")


_DECODERS: dict[str, Callable[[bytes, int], bytes]] = {
    "chunked": _join_chunks,
    "gzip": _unzip,
    "x-gzip": _unzip,
    "deflate": _inflate,
    "br": _unbrotli,
}
