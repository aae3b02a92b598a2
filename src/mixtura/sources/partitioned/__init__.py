"""Rows that Dask holds in partitions, on this machine or on many: kernels go to them, sums come back."""
