"""The commands together: words and options only, the work is elsewhere and loaded when it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from mixtura.cli import typed_fits, typed_models
from mixtura.cli.endings import Code

app = typer.Typer(
    name="mixtura",
    help="Gaussian mixtures from files: fit them, look at them, and assign rows to them.",
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
)

COMMANDS: dict[Callable[..., int], str] = {
    typed_fits.fit: "Fit a mixture of K components.",
    typed_fits.select: "Choose how many components, and of what kind.",
    typed_models.predict: "Give each row its component and probabilities.",
    typed_models.score: "Say how well a model describes rows.",
    typed_models.sample: "Draw new rows from a model.",
    typed_models.inspect: "Show what is in a model.",
    typed_models.plot: "Draw rows and components.",
    typed_models.data: "List the bundled data, or write one.",
}
for _command, _words in COMMANDS.items():
    app.command(short_help=_words)(_command)


def call(arguments: list[str]) -> int:
    """Run one command, or give help where none is named; errors go to the caller."""
    code = app(args=arguments or ["--help"], prog_name="mixtura", standalone_mode=False)
    if code == Code.INTERRUPTED:  # typer has turned the interrupt into a code
        raise KeyboardInterrupt
    return int(code or Code.DONE)


def _version(asked: bool) -> None:
    if asked:
        from mixtura import __version__

        print(f"mixtura {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Gaussian mixtures from files: fit them, look at them, and assign rows to them."""
