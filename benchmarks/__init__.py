"""How fast, against whom, with the same answers: `python -m benchmarks`, from the root of the checkout.

`workloads` is the table of what is measured and what is asked of it. `iterations`, `fits`, `footprint`, `devices` and
`where` measure, with the other libraries behind `peers`; `kinds` runs them, `ledger` keeps the figures, `page` and
`terminal` show them. `passes` is a script by itself: how many passes over the rows each way of accelerating takes.
"""
