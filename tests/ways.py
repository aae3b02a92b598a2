"""Every way of computing, under a name: the kernels, and the compiled one held to each of its plans."""

from types import SimpleNamespace
from unittest.mock import patch
from weakref import WeakKeyDictionary

from mixtura.kernels import blocked, direct, generic, native, plans


def held_to(**constants):
    """The compiled kernel with other thresholds of its plans."""

    def under(name):
        def function(*given, **named):
            with patch.multiple(plans, **constants), patch.object(native, "_ready", ready):
                return getattr(native, name)(*given, **named)

        return function

    ready = WeakKeyDictionary()
    return SimpleNamespace(**{name: under(name) for name in ("moments", "posterior", "log_densities", "measure")})


WIDE = {"NARROW_DENSE": 0, "NARROW_FEW": 0, "NARROW_ELSE": 0}
KERNELS = {
    "generic": generic,
    "blocked": blocked,
    "direct": direct,
    "native": native,
    "products": held_to(**WIDE, THIN=0, CHUNK=4),
    "whitened": held_to(**WIDE, WIDE=0),
}
