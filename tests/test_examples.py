"""The examples run, with warnings as errors, and find what they were made from."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_a_cluster_is_started_and_fitted():
    script = ROOT / "examples" / "dask_cluster.py"
    asked = ["--rows", "20000", "--part", "3000", "--workers", "2"]
    ran = subprocess.run([sys.executable, "-W", "error", script, *asked], capture_output=True, text=True, timeout=300)
    assert ran.returncode == 0, ran.stderr
    assert "20,000 x 8 rows in 7 partitions on 2 workers" in ran.stdout
    assert "shares found [0.4" in ran.stdout
    assert "labels of the first rows" in ran.stdout


def test_the_benchmark_of_workers_says_what_travels():
    asked = ["--rows", "8000", "--part", "1000", "--components", "2", "--features", "3", "--repeats", "1"]
    command = [sys.executable, "-m", "benchmarks.dask_workers", *asked, "--workers", "2"]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=ROOT)
    assert ran.returncode == 0, ran.stderr
    assert "K P numbers from worker to worker" in ran.stdout
