"""What was typed for ``-k``, ``-c``, ``--criterion`` and ``--init``, read and checked."""

from __future__ import annotations

import re

from mixtura.cli.endings import Code, Stop

# More numbers of components than anyone looks at are a slip of the finger.
MOST = 1000
_STARTS = ("hierarchical", "k-means++", "kmeans", "random", "random_from_data")
_GROUPS = ("all", "sklearn")


def one_number(components: str) -> int:
    """Read ``-k``: one whole number; several are another command's."""
    text = components.strip()
    if re.fullmatch(r"\d+(?:[:,]\d+)+", text):
        raise Stop(
            Code.USAGE, f"fit takes one number of components, not {text}. To choose among several: mixtura select"
        )
    if not _is_number(text):
        raise Stop(Code.USAGE, f"-k takes a whole number of components from 1, not {text!r}.")
    return int(text)


def numbers(components: str) -> tuple[int, ...]:
    """
    Read ``-k``: whole numbers from 1, as 3, 1:9 or 1,2,5.

    Examples
    --------
    >>> numbers("3"), numbers("2:4"), numbers("5, 1:2")
    ((3,), (2, 3, 4), (1, 2, 5))
    """
    found: set[int] = set()
    for part in components.split(","):
        first, colon, last = (word.strip() for word in part.partition(":"))
        last = last if colon else first
        if not (_is_number(first) and _is_number(last)):
            raise Stop(Code.USAGE, f"-k takes 3, 1:9 or 1,2,5, whole numbers from 1, not {components!r}.")
        if int(last) < int(first):
            raise Stop(Code.USAGE, f"-k {part.strip()} counts down. Is {last}:{first} meant?")
        if int(last) - int(first) >= MOST:
            raise Stop(Code.USAGE, f"-k {part.strip()} names more than {MOST} numbers of components. Give fewer.")
        found.update(range(int(first), int(last) + 1))
    return tuple(sorted(found))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10 and int(text) > 0


def one_family(text: str) -> str:
    """Read ``-c``: one family; several are another command's."""
    if text.lower() in _GROUPS or "," in text:
        raise Stop(Code.USAGE, f"fit takes one family, not {text}. To choose among several: mixtura select")
    return _name(text, ())


def families(text: str) -> tuple[str, ...]:
    """
    Read ``-c``: names of families, all or sklearn, in any case.

    Examples
    --------
    >>> families("all"), families("vvv, EEE,Tied")
    (('all',), ('VVV', 'EEE', 'tied'))
    """
    return tuple(dict.fromkeys(_name(part.strip(), _GROUPS) for part in text.split(",")))


def _name(text: str, groups: tuple[str, ...]) -> str:
    from mixtura.covariance import MCLUST, SKLEARN, UNIVARIATE

    names = (*groups, *SKLEARN, *MCLUST, *UNIVARIATE)
    known = {name.lower(): name for name in names}
    if text.lower() not in known:
        several = "names among" if groups else "one of"
        raise Stop(Code.USAGE, f"-c takes {several} {', '.join(names)}, not {text!r}.")
    return known[text.lower()]


def criterion(text: str) -> str:
    """Read ``--criterion``, in any case."""
    from mixtura.criteria import TABLE

    if text.lower() not in TABLE:
        raise Stop(Code.USAGE, f"--criterion takes one of {', '.join(TABLE)}, not {text!r}.")
    return text.lower()


def start(text: str) -> str:
    """Read ``--init``."""
    if text not in _STARTS:
        raise Stop(Code.USAGE, f"--init takes one of {', '.join(_STARTS)}, not {text!r}.")
    return text
