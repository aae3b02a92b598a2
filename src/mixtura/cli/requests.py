"""What a command was asked for, as values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mixtura.cli.inputs import split_names


@dataclass(frozen=True)
class Choosing:
    """Which columns serve which purpose."""

    columns: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    weights: str | None = None
    by: str | None = None

    @classmethod
    def of(
        cls, columns: Sequence[str] | None, exclude: Sequence[str] | None, weights: str | None, by: str | None
    ) -> Choosing:
        """Take options as they were typed."""
        return cls(tuple(split_names(columns)), tuple(split_names(exclude)), weights, by)


@dataclass(frozen=True)
class Saying:
    """Where results go and how much is said."""

    output: str | None = None
    force: bool = False
    quiet: bool = False
    json: bool = False

    @classmethod
    def table(cls, output: str | None, force: bool, quiet: bool, json: bool) -> Saying:
        """The same for a table, which ``-`` sends to standard output."""
        return cls(None if output == "-" else output, force, quiet, json)


@dataclass(frozen=True)
class Settings:
    """How to fit; numbers of components and families as typed."""

    components: str
    family: str
    noise: bool
    prior: bool
    init: str
    n_init: int
    tol: float
    max_iter: int
    reg_covar: float
    seed: int
    threads: int | None


@dataclass(frozen=True)
class Searching:
    """How to choose; the criterion as typed."""

    criterion: str = "bic"
    resume: str | None = None
    sample: int | None = None
