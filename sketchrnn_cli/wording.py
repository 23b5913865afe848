"""Numbers in messages."""


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, in the plural unless it is one: ``1 step``, ``3 sketches``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}{'es' if noun.endswith(('tch', 'ss')) else 's'}"
