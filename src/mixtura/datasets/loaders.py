"""The classic data sets, one function each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mixtura.datasets.reading import load

if TYPE_CHECKING:
    from sklearn.utils import Bunch


def load_faithful(*, as_frame: bool = False) -> Bunch:
    """Load the eruptions of Old Faithful: 272 rows, two features, no class.

    Parameters
    ----------
    as_frame : bool, default False
        Give `data` as a pandas DataFrame.

    Returns
    -------
    sklearn.utils.Bunch
        With `data` (272, 2): duration of the eruption and time until the next, both in minutes; `feature_names`;
        `target`, `target_names` and `sample_weight`, which are None; `frame`, the DataFrame or None; `DESCR`, the
        story; `filename`, the path of the CSV file.

    Raises
    ------
    ImportError
        When `as_frame` is set and pandas is not installed: install it.

    References
    ----------
    .. [1] Azzalini, A. and Bowman, A. W. (1990). A look at some data on the Old Faithful geyser. Applied Statistics
       39, 357-365.

    Examples
    --------
    >>> from mixtura.datasets import load_faithful
    >>> faithful = load_faithful()
    >>> faithful.data.shape, faithful.feature_names
    ((272, 2), ['eruptions', 'waiting'])
    >>> [round(float(mean), 4) for mean in faithful.data.mean(axis=0)]
    [3.4878, 70.8971]
    """
    return load("faithful", as_frame=as_frame)


def load_iris(*, return_X_y: bool = False, as_frame: bool = False) -> Bunch | tuple[Any, Any]:
    """Load Anderson's irises: 150 rows, four features, three species of 50 rows each.

    Parameters
    ----------
    return_X_y : bool, default False
        Return `(data, target)` instead of a Bunch.
    as_frame : bool, default False
        Give `data` as a pandas DataFrame and `target` as a Series.

    Returns
    -------
    sklearn.utils.Bunch or tuple
        With `data` (150, 4): length and width of sepal and petal in centimeters; `target` (150,), an index into
        `target_names`; `feature_names`; `sample_weight`, which is None; `frame`, the DataFrame or None; `DESCR`,
        the story; `filename`, the path of the CSV file.

    Raises
    ------
    ImportError
        When `as_frame` is set and pandas is not installed: install it.

    References
    ----------
    .. [1] Fisher, R. A. (1936). The use of multiple measurements in taxonomic problems. Annals of Eugenics 7,
       179-188.

    Examples
    --------
    >>> from mixtura.datasets import load_iris
    >>> iris = load_iris()
    >>> iris.data.shape, iris.target_names.tolist()
    ((150, 4), ['setosa', 'versicolor', 'virginica'])
    >>> [round(float(mean), 4) for mean in iris.data.mean(axis=0)]
    [5.8433, 3.0573, 3.758, 1.1993]
    """
    return load("iris", return_X_y=return_X_y, as_frame=as_frame)


def load_acidity(*, as_frame: bool = False) -> Bunch:
    """Load the acidity of lakes in Wisconsin: 155 rows, one feature, no class.

    Parameters
    ----------
    as_frame : bool, default False
        Give `data` as a pandas DataFrame.

    Returns
    -------
    sklearn.utils.Bunch
        With `data` (155, 1): log(capacity to neutralize acid + 50); `feature_names`; `target`, `target_names` and
        `sample_weight`, which are None; `frame`, the DataFrame or None; `DESCR`, the story; `filename`, the path
        of the CSV file.

    Raises
    ------
    ImportError
        When `as_frame` is set and pandas is not installed: install it.

    References
    ----------
    .. [1] Crawford, S. L. (1994). An application of the Laplace method to finite mixture distributions. Journal of
       the American Statistical Association 89, 259-267.

    Examples
    --------
    >>> from mixtura.datasets import load_acidity
    >>> acidity = load_acidity()
    >>> acidity.data.shape, round(float(acidity.data.mean()), 4)
    ((155, 1), 5.1051)
    """
    return load("acidity", as_frame=as_frame)


def load_banknote(*, return_X_y: bool = False, as_frame: bool = False) -> Bunch | tuple[Any, Any]:
    """Load the Swiss banknotes: 200 rows, six features, 100 genuine and 100 counterfeit.

    Parameters
    ----------
    return_X_y : bool, default False
        Return `(data, target)` instead of a Bunch.
    as_frame : bool, default False
        Give `data` as a pandas DataFrame and `target` as a Series.

    Returns
    -------
    sklearn.utils.Bunch or tuple
        With `data` (200, 6): lengths in millimeters; `target` (200,), an index into `target_names`; `feature_names`;
        `sample_weight`, which is None; `frame`, the DataFrame or None; `DESCR`, the story; `filename`, the path of
        the CSV file.

    Raises
    ------
    ImportError
        When `as_frame` is set and pandas is not installed: install it.

    References
    ----------
    .. [1] Flury, B. and Riedwyl, H. (1988). Multivariate Statistics: A Practical Approach. Chapman and Hall, London.

    Examples
    --------
    >>> from mixtura.datasets import load_banknote
    >>> banknote = load_banknote()
    >>> banknote.data.shape, banknote.target_names.tolist()
    ((200, 6), ['counterfeit', 'genuine'])
    >>> [round(float(mean), 4) for mean in banknote.data.mean(axis=0)]
    [214.896, 130.1215, 129.9565, 9.4175, 10.6505, 140.4835]
    """
    return load("banknote", return_X_y=return_X_y, as_frame=as_frame)


def load_pearson_crabs(*, as_frame: bool = False) -> Bunch:
    """Load the crabs of Naples, the first data a mixture was fitted to: 29 bins that hold 1000 crabs.

    Parameters
    ----------
    as_frame : bool, default False
        Give `data` as a pandas DataFrame and `sample_weight` as a Series.

    Returns
    -------
    sklearn.utils.Bunch
        With `data` (29, 1): breadth of the forehead over length of the body, the middle of a bin 0.004 wide;
        `sample_weight` (29,): the crabs in each bin, to be given to `fit`; `feature_names`; `target` and
        `target_names`, which are None; `frame`, the DataFrame or None; `DESCR`, the story; `filename`, the path of
        the CSV file.

    Raises
    ------
    ImportError
        When `as_frame` is set and pandas is not installed: install it.

    References
    ----------
    .. [1] Pearson, K. (1894). Contributions to the mathematical theory of evolution. Philosophical Transactions of
       the Royal Society of London A 185, 71-110.

    Examples
    --------
    >>> import numpy as np
    >>> from mixtura.datasets import load_pearson_crabs
    >>> crabs = load_pearson_crabs()
    >>> crabs.data.shape, float(crabs.sample_weight.sum())
    ((29, 1), 1000.0)
    >>> round(float(np.average(crabs.data[:, 0], weights=crabs.sample_weight)), 6)
    0.644696
    """
    return load("pearson_crabs", as_frame=as_frame)
