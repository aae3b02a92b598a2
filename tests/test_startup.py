"""Starting is cheap: what `import mixtura` and `mixtura --help` must not load."""

import json
import subprocess
import sys

HEAVY = {"matplotlib", "pandas", "pyarrow", "safetensors", "scipy", "sklearn"}
HEAVIER = HEAVY | {"dask", "numba", "polars", "rich", "torch", "typer"}


def loaded_by(code: str) -> set[str]:
    """Run `code` in a fresh interpreter and return the top-level modules it has loaded."""
    report = "import json, sys; print('\\n' + json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    run = subprocess.run([sys.executable, "-c", f"{code}\n{report}"], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return set(json.loads(run.stdout.splitlines()[-1]))


def test_the_probe_sees_what_is_loaded() -> None:
    assert {"scipy", "numpy"} <= loaded_by("import scipy.linalg")


def test_import_loads_nothing_heavy() -> None:
    loaded = loaded_by("import mixtura")
    assert "mixtura" in loaded
    assert not loaded & HEAVIER


def test_help_loads_nothing_heavy() -> None:
    code = """
import sys
from mixtura.cli import main
sys.argv = ["mixtura", "--help"]
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
"""
    loaded = loaded_by(code)
    assert "typer" in loaded
    assert not loaded & HEAVY
