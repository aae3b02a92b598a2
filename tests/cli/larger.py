"""Data for commands that are told to use little memory."""

from pathlib import Path

from mixtura import datasets

LITTLE = ("--memory", "1")


def lines() -> list[str]:
    return datasets.path("faithful").read_text().splitlines()


def people(path: str) -> str:
    """Old Faithful with other columns around it, in another order, each cell written in a way of its own."""
    body = [
        f'{wait},"n,{at}",{at:03d}, {last} ,=cmd({at})'
        for at, (last, wait) in enumerate(x.split(",") for x in lines()[1:])
    ]
    Path(path).write_text("\n".join(["waiting,name,code,eruptions,note", *body]) + "\n")
    return path


def gaps(path: str, each: int = 9) -> str:
    body = [f"NA,{line.split(',')[1]}" if at % each == 4 else line for at, line in enumerate(lines()[1:])]
    Path(path).write_text("\n".join([lines()[0], *body]) + "\n")
    return path
