"""Which pictures browsers can show, as far as that can be told without decoding them."""

import zlib

PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"


def kind_of(content: bytes) -> str | None:
    """``png``, ``jpeg`` or ``webp``; None when it is none of these, or not whole."""
    if content.startswith(PNG):
        return "png" if _is_whole_png(content) else None
    if content.startswith(JPEG):
        return "jpeg" if content.rstrip(b"\0").endswith(b"\xff\xd9") else None
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "webp" if len(content) >= 8 + int.from_bytes(content[4:8], "little") else None
    return None


def _is_whole_png(content: bytes) -> bool:
    kinds, place = [], len(PNG)
    while place < len(content) and kinds[-1:] != [b"IEND"]:
        end = place + 8 + int.from_bytes(content[place : place + 4])
        chunk = content[place + 4 : end]
        if content[end : end + 4] != zlib.crc32(chunk).to_bytes(4):
            return False
        kinds.append(chunk[:4])
        place = end + 4
    return kinds[:1] == [b"IHDR"] and b"IDAT" in kinds and kinds[-1] == b"IEND"
