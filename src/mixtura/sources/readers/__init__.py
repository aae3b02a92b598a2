"""Rows of files in chunks, in constant memory: Parquet, Arrow, text, NumPy, HDF5 and Zarr."""

from .chunk import Chunk
from .opening import open_reader
from .reader import Reader

__all__ = ["Chunk", "Reader", "open_reader"]
