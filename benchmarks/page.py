"""docs/benchmarks.md: what was asked, what was measured, against whom, and where the time goes."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from typing import Any

from benchmarks import words
from benchmarks.ledger import Row, Spread

HOW = """\
Each workload runs in a process of its own. In every round each library is timed once, one after the other, on the
same rows with the same threads; the ratio is the median over the rounds, with the lowest and the highest. Trust it
more than the seconds. One iteration (E-step and M-step, float64) is a long fit less a short one from the same given
start, through the public `fit`, so that set-up and the last measure cancel.

- *Apart*: the largest difference from scikit-learn's answer in parts of the largest value: of weights, means,
  covariances and every log-likelihood on the way, or of the scores. Beyond 1e-8 the row is wrong, whatever its speed.
- *Product*: the rate at which an iteration does the 4NKP operations of its two products (P the numbers a row brings:
  1, its features, and the squares and products that the family needs), as a part of what NumPy's own float64 matrix
  product reached in the same rounds.
- *Memory*: the peak of a fit beyond its rows, in a process of its own; scikit-learn's in parentheses.
"""


def written(machine: dict[str, Any], rows: Sequence[Row]) -> str:
    """The page."""
    parts = [_head(machine, rows), _asked(rows), _iterations(rows), _answers(rows), _fits(rows), _variants(rows)]
    parts += [_searches(rows), _streams(rows), _devices(rows), _peers(rows), _where(rows), _failures(rows)]
    return "\n".join(part for part in parts if part)


def _table(header: str, lines: Iterable[Sequence[str]]) -> str:
    columns = [cell.strip() for cell in header.split("|")]
    rows = [columns, ["---"] * len(columns), *lines]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in rows)


def _section(title: str, header: str, lines: Sequence[Sequence[str]], text: str = "") -> str:
    """A heading, what to know, and the table; nothing where there are no lines."""
    return f"## {title}\n\n{text}{_table(header, lines)}" if lines else ""


def _of(rows: Sequence[Row], *kinds: str) -> list[Row]:
    return [row for row in rows if row.kind in kinds and not row.failed]


def _head(machine: dict[str, Any], rows: Sequence[Row]) -> str:
    rates = [rate for row in rows for rate in row.samples.get("matrix product", [])]
    dates = sorted({row.taken for row in rows}) or ["never"]
    when = dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"
    rate = f"matrix product {statistics.median(rates):.0f} Gflop/s" if rates else "matrix product not measured"
    versions = f"Python {machine['python']}, NumPy {machine['numpy']}, scikit-learn {machine['scikit-learn']}"
    told = f"{machine['processor']}, threads: {machine['threads']}, {rate}; {versions}; {when}."
    return f"# Benchmarks\n\nWritten by `make bench`. {told}\n\n{HOW}"


def _asked(rows: Sequence[Row]) -> str:
    """How much of what is asked is met, and all that is not."""
    verdicts = [(row, name, row.verdict(name)) for row in rows for name in row.asked]
    count = {verdict: sum(each == verdict for _, _, each in verdicts) for verdict in words.VERDICTS}
    short = [
        (row.name, words.figure(row, name), words.asked(name, row.asked[name]), words.VERDICTS[verdict])
        for row, name, verdict in verdicts
        if verdict not in ("aim", "least")
    ]
    met = f"{count['aim']} meet their aim, {count['least']} more the least that is asked, {len(short)} do not"
    text = f"## What is asked\n\n{len(verdicts)} figures are asked for: {met}.\n"
    return text + ("\n" + _table("not met|measured|at least / aim|", short) if short else "")


def _verdict(row: Row, name: str) -> str:
    verdict = words.VERDICTS[row.verdict(name)] if name in row.asked else "-"
    return f"**{verdict}**" if verdict.isupper() else verdict


def _iterations(rows: Sequence[Row]) -> str:
    header = "workload|ours|scikit-learn|times as fast|at least / aim||apart|product|memory, MB"
    return _section("One iteration", header, [_iteration(row) for row in _of(rows, "iteration", "memory")])


def _iteration(row: Row) -> list[str]:
    weights = [words.number(row.megabytes[name]) for name in ("ours", "scikit-learn") if name in row.megabytes]
    product = words.share(row.product()) + (f" ({_verdict(row, 'product')})" if "product" in row.asked else "")
    memory = " ".join(weights[:1] + [f"({each})" for each in weights[1:]]) or "-"
    over = _verdict(row, "megabytes")
    return [
        row.shape.name,
        words.seconds(row.seconds()),
        words.seconds(row.seconds("scikit-learn")),
        words.ratio(row.ratio()),
        words.asked("ratio", row.asked.get("ratio")),
        _verdict(row, "ratio"),
        words.same(row),
        product,
        f"{memory} {over}" if over.startswith("**") else memory,
    ]


def _answers(rows: Sequence[Row]) -> str:
    found = {(row.shape.name, row.kind): row for row in _of(rows, "score_samples", "predict_proba")}
    lines = []
    for name in dict.fromkeys(name for name, _ in found):
        both = [found.get((name, kind)) for kind in ("score_samples", "predict_proba")]
        asked = next(words.asked("ratio", row.asked.get("ratio")) for row in both if row)
        lines.append([name, *(_answer(row) for row in both), asked])
    header = "workload|`score_samples`: times as fast|`predict_proba`: times as fast|at least / aim"
    return _section("The answers of a fitted mixture", header, lines)


def _answer(row: Row | None) -> str:
    if row is None:
        return "-"
    told = [words.ratio(row.ratio()), _verdict(row, "ratio"), words.seconds(row.seconds()), f"apart {words.same(row)}"]
    return "; ".join(told)


def _fits(rows: Sequence[Row]) -> str:
    lines = []
    for row in _of(rows, "fit_many", "one fit", "whole fit", "first fit"):
        name = next(iter(row.asked), "ratio")
        others = [f"{other} {words.seconds(row.seconds(other))}" for other in row.samples if other != "ours"]
        lines.append(
            [
                row.name,
                words.seconds(row.seconds()),
                ", ".join(others),
                words.ratio(row.ratio()),
                words.asked(name, row.asked.get(name)),
                _verdict(row, name),
                words.same(row),
            ]
        )
    header = "workload|ours|others|times as fast|at least / aim||short of scikit-learn, or apart"
    return _section("Whole fits", header, lines) + "".join(_ends(row) for row in _of(rows, "whole fit"))


def _searches(rows: Sequence[Row]) -> str:
    lines = [
        [
            row.label,
            words.seconds(row.seconds()),
            f"{row.rival} {words.seconds(row.seconds(row.rival))}",
            words.ratio(row.ratio()),
            words.asked("ratio", row.asked.get("ratio")),
            _verdict(row, "ratio"),
            f"{row.notes['best']['covariance_type']}, {row.notes['best']['n_components']}",
            words.same(row),
        ]
        for row in _of(rows, "search", "search loop")
    ]
    text = (
        "Against R's mclust (`mclustBIC`, timed in R on its one core): plain EM by its own stopping rule, or a\n"
        "stricter one in every cell. Against a loop over scikit-learn with one start each: plain EM by its rule, tol\n"
        "1e-3. *Short*: how far our best BIC is above theirs.\n\n"
    )
    return _section("Searches", "workload|ours|other|times as fast|at least / aim||best|short", lines, text)


def _streams(rows: Sequence[Row]) -> str:
    lines = []
    for row in _of(rows, "out of core"):
        told = row.notes
        lines.append(
            [
                row.shape.name,
                f"{words.seconds(row.seconds())}, in memory {words.seconds(row.seconds('in memory'))}",
                f"{words.ratio(row.ratio())} ({_verdict(row, 'ratio')})",
                words.same(row),
                f"{told['peak']:.0f} MB ({_verdict(row, 'peak')})",
                f"{told['readings']:.2f} ({_verdict(row, 'readings')})",
                f"{told['seconds']:.0f} s",
            ]
        )
    text = (
        "Single-precision rows in Parquet files. A pass, for a million rows: read from the files, and of eight\n"
        "million rows in memory, by turns; *apart*: the sums of both over the same rows. The whole fit has growing\n"
        "batches and default settings in a process of its own, whose peak memory is all of it, the program included;\n"
        "*readings*: how often it read the files, from the first look to the last measure.\n\n"
    )
    header = "rows|a pass, a million rows|speed of memory's|apart|whole fit: peak memory|readings|seconds"
    return _section("Beyond memory", header, lines, text)


def _devices(rows: Sequence[Row]) -> str:
    lines = []
    for row in (row for row in _of(rows, "device") if row.samples):
        rates = {name: max(rate) for name, rate in row.samples.items() if name != "ours"}
        own = row.shape.flops / min(row.samples["ours"]) / 1e9
        beside = ", ".join(f"{name.replace('matrix product', 'float64')} {rate:.0f}" for name, rate in rates.items())
        name, share = row.notes["device"], words.share(own / rates["matrix product"])
        lines.append([row.shape.name, name, words.seconds(row.seconds()), f"{own:.0f}", beside, share])
    text = "Rows in a tensor of torch, computed where they are, in float64; 4NKP operations an iteration.\n\n"
    header = "rows|device|an iteration|Gflop/s|its matrix products, Gflop/s|part of its float64 product"
    return _section("Rows on a device", header, lines, text)


def _ends(row: Row) -> str:
    ends = {name: told for name, told in row.notes.items() if name != "settings"}
    told = "; ".join(f"{name}: {end['end']:.6f} a row after {end['passes']} passes" for name, end in ends.items())
    settings = ", ".join(f"{name}={value!r}" for name, value in row.notes["settings"].items())
    return f"\nThe {row.name.replace(':', ',')} ends at, ours with `{settings}`: {told}.\n"


def _variants(rows: Sequence[Row]) -> str:
    lines = [
        [
            row.shape.name,
            row.label.rpartition(", ")[2],
            words.seconds(row.seconds()),
            words.ratio(row.ratio(to="as it stands", other="ours")),
            words.ratio(row.ratio()),
            words.same(row),
        ]
        for row in _of(rows, "variant")
    ]
    header = "workload|changed|ours|times as long as unchanged|times as fast as scikit-learn, changed alike|apart"
    return _section("With something changed", header, lines)


def _peers(rows: Sequence[Row]) -> str:
    lines = []
    for row in _of(rows, "iteration"):
        for name in (each for each in row.gaps if each != "scikit-learn"):
            lines.append(
                [
                    row.shape.name,
                    name + (" (float32)" if name == "gmmx" else ""),
                    words.seconds(row.seconds(name)),
                    words.ratio(row.ratio(name)),
                    words.same(row, name),
                ]
            )
        lines += [[row.shape.name, name, "not installed" if "(" not in name else "-", "-", "-"] for name in row.missing]
    text = (
        "One iteration from the same start, on the same threads; log-likelihoods after two. `pip install '.[bench]'`\n"
        "brings pomegranate and gmmx (BENCH_PYTHON names another interpreter that has them); Armadillo is compiled\n"
        "where g++ and its headers are.\n\n"
    )
    return _section(
        "Other libraries", "workload|library|seconds|ours is times as fast|log-likelihoods apart", lines, text
    )


def _where(rows: Sequence[Row]) -> str:
    scores = {row.shape: row.seconds() for row in _of(rows, "score_samples")}
    lines = [
        [row.name, _e_step(row, scores.get(row.shape)), _shares(row.where["stages"]), _shares(row.where["functions"])]
        for row in rows
        if row.where
    ]
    text = (
        "Sampled every 2 ms while ours runs: the stage the fit is in, and the innermost function of ours that keeps a\n"
        "thread busy. Compiled code and NumPy count for the function that called them. *E-step*: the time of\n"
        "`score_samples` as a part of an iteration's; the rest is the M-step.\n\n"
    )
    return _section("Where the time goes", "workload|E-step|stages|functions", lines, text)


def _e_step(row: Row, scores: Spread | None) -> str:
    whole = row.seconds()
    return words.share(scores.median / whole.median) if row.kind == "iteration" and scores and whole else "-"


def _shares(parts: dict[str, float]) -> str:
    return ", ".join(f"{name} {words.share(part)}" for name, part in list(parts.items())[:4] if part >= 0.02)


def _failures(rows: Sequence[Row]) -> str:
    lines = [[row.name, row.failed.replace("|", "/").replace("\n", " ")] for row in rows if row.failed]
    return _section("Not measured", "workload|why", lines)
