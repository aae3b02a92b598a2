"""Small classic data, and a maker of data with a known answer."""

from mixtura.datasets.blobs import BlobParameters, make_anisotropic_blobs
from mixtura.datasets.catalog import class_column, description, names, path, title, weight_column
from mixtura.datasets.loaders import load_acidity, load_banknote, load_faithful, load_iris, load_pearson_crabs

__all__ = [
    "BlobParameters",
    "class_column",
    "description",
    "load_acidity",
    "load_banknote",
    "load_faithful",
    "load_iris",
    "load_pearson_crabs",
    "make_anisotropic_blobs",
    "names",
    "path",
    "title",
    "weight_column",
]
