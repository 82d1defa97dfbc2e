"""Text that can be encoded: JSON can spell half a character, which no engine and no pattern takes."""


def encodable(text: str) -> str:
    """`text` with lone surrogates as `?`; everything else as it is."""
    if text.isascii():
        return text
    return text.encode("utf-8", "replace").decode("utf-8")
