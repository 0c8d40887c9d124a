"""What can be compiled, as rules that are run eagerly and compiled: the list behind the docs."""

from __future__ import annotations

import numpy as np
import scipy.special as special
from numpy.lib.stride_tricks import sliding_window_view

# Of two matrices a (4, 3) and b (4, 3) and a square one s (3, 3), numbers between 0.1 and 0.9.
FUNCTION_CASES = {
    np.reshape: lambda a, b, s: np.reshape(a, (2, 6)),
    np.ravel: lambda a, b, s: np.ravel(a),
    np.transpose: lambda a, b, s: np.transpose(a, (1, 0)),
    np.swapaxes: lambda a, b, s: np.swapaxes(a, 0, 1),
    np.moveaxis: lambda a, b, s: np.moveaxis(a.reshape(2, 2, 3), 0, -1),
    np.squeeze: lambda a, b, s: np.squeeze(a[:, :1], axis=1),
    np.expand_dims: lambda a, b, s: np.expand_dims(a, (0, 2)),
    np.atleast_1d: lambda a, b, s: np.atleast_1d(a.sum()),
    np.atleast_2d: lambda a, b, s: np.atleast_2d(a[0]),
    np.broadcast_to: lambda a, b, s: np.broadcast_to(a[0], (5, 3)),
    np.copy: lambda a, b, s: np.copy(a),
    np.copyto: lambda a, b, s: (np.copyto(a, b[0], where=b > 0.5), a)[1],
    np.real: lambda a, b, s: np.real(a),
    np.astype: lambda a, b, s: np.astype(a, np.float32),
    np.zeros_like: lambda a, b, s: np.zeros_like(a) + a,
    np.ones_like: lambda a, b, s: np.ones_like(a, dtype=np.float64),
    np.empty_like: lambda a, b, s: np.empty_like(a) * 0.0 + 1.0,
    np.full_like: lambda a, b, s: np.full_like(a, a[0, 0]),
    np.shape: lambda a, b, s: a + np.shape(a)[0],
    np.ndim: lambda a, b, s: a * np.ndim(a),
    np.size: lambda a, b, s: a / np.size(a),
    np.result_type: lambda a, b, s: np.ones_like(a, dtype=np.result_type(a, np.float32)),
    np.isrealobj: lambda a, b, s: a if np.isrealobj(a) else b,
    np.split: lambda a, b, s: np.split(a, 2)[1],
    np.array_split: lambda a, b, s: np.array_split(a, 3, axis=1)[2],
    np.hsplit: lambda a, b, s: np.hsplit(a, [1])[1],
    np.vsplit: lambda a, b, s: np.vsplit(a, 4)[2],
    np.dot: lambda a, b, s: np.dot(a, b.T),
    np.inner: lambda a, b, s: np.inner(a, b),
    np.outer: lambda a, b, s: np.outer(a[0], b[:, 0]),
    np.vdot: lambda a, b, s: np.vdot(a, b),
    np.tensordot: lambda a, b, s: np.tensordot(a, b, axes=([0], [0])),
    np.einsum: lambda a, b, s: np.einsum("ij,ik->jk", a, b),
    np.kron: lambda a, b, s: np.kron(a, b),
    np.concatenate: lambda a, b, s: np.concatenate([a, b], axis=1),
    np.stack: lambda a, b, s: np.stack((a, b), axis=-1),
    np.vstack: lambda a, b, s: np.vstack([a, b]),
    np.hstack: lambda a, b, s: np.hstack([a, b]),
    np.column_stack: lambda a, b, s: np.column_stack([a[:, 0], b]),
    np.where: lambda a, b, s: np.where(a > b, a, 0.0),
    np.clip: lambda a, b, s: np.clip(a, 0.2, b),
    np.sum: lambda a, b, s: np.sum(a, axis=0).reshape(1, 3),
    np.prod: lambda a, b, s: np.prod(a, axis=1, keepdims=True),
    np.cumsum: lambda a, b, s: np.cumsum(a, axis=0),
    np.cumprod: lambda a, b, s: np.cumprod(a),
    np.trace: lambda a, b, s: np.trace(s),
    np.nansum: lambda a, b, s: np.nansum(a, axis=1),
    np.mean: lambda a, b, s: np.mean(a, axis=0, keepdims=True),
    np.var: lambda a, b, s: np.var(a, axis=0, ddof=1),
    np.std: lambda a, b, s: np.std(a),
    np.average: lambda a, b, s: np.average(a, axis=0, weights=b[:, 0]),
    np.median: lambda a, b, s: np.median(a, axis=0),
    np.nanmean: lambda a, b, s: np.nanmean(a),
    np.linalg.norm: lambda a, b, s: np.linalg.norm(a),
    np.linalg.inv: lambda a, b, s: np.linalg.inv(s + 3.0 * np.eye(3)),
    np.linalg.solve: lambda a, b, s: np.linalg.solve(s + 3.0 * np.eye(3), a.T),
    np.max: lambda a, b, s: np.max(a, axis=1),
    np.min: lambda a, b, s: np.min(a),
    np.amax: lambda a, b, s: np.amax(a, 0),
    np.amin: lambda a, b, s: np.amin(a, 0),
    np.ptp: lambda a, b, s: np.ptp(a, axis=0),
    np.argmax: lambda a, b, s: np.argmax(a, axis=1),
    np.argmin: lambda a, b, s: np.argmin(a),
    np.any: lambda a, b, s: np.any(a > 0.5, axis=0),
    np.all: lambda a, b, s: np.all(a > 0.5),
    np.count_nonzero: lambda a, b, s: np.count_nonzero(a > 0.5),
    np.diff: lambda a, b, s: np.diff(a, axis=0),
    np.sort: lambda a, b, s: np.sort(a, axis=0),
    np.argsort: lambda a, b, s: np.argsort(a, axis=1),
    np.take: lambda a, b, s: np.take(a, [2, 0], axis=0),
    np.take_along_axis: lambda a, b, s: np.take_along_axis(a, np.argsort(a, axis=1), axis=1),
    np.repeat: lambda a, b, s: np.repeat(a, 2, axis=0),
    np.tile: lambda a, b, s: np.tile(a, (2, 1)),
    np.roll: lambda a, b, s: np.roll(a, 1, axis=0),
    np.flip: lambda a, b, s: np.flip(a, axis=1),
    np.pad: lambda a, b, s: np.pad(a, 1),
    np.tril: lambda a, b, s: np.tril(s),
    np.triu: lambda a, b, s: np.triu(s, 1),
    np.diag: lambda a, b, s: np.diag(a[0]),
    np.diagonal: lambda a, b, s: np.diagonal(s),
    np.nan_to_num: lambda a, b, s: np.nan_to_num(np.where(a > 0.5, np.nan, a)),
    np.round: lambda a, b, s: np.round(a, 1),
    np.isclose: lambda a, b, s: np.isclose(a, b, atol=0.1),
    np.imag: lambda a, b, s: np.imag(a),
    np.iscomplexobj: lambda a, b, s: b if np.iscomplexobj(a) else a,
    np.atleast_3d: lambda a, b, s: np.atleast_3d(a),
    np.rollaxis: lambda a, b, s: np.rollaxis(a, 1),
    np.fliplr: lambda a, b, s: np.fliplr(a),
    np.flipud: lambda a, b, s: np.flipud(a),
    np.rot90: lambda a, b, s: np.rot90(a, 3),
    np.dsplit: lambda a, b, s: np.dsplit(a[None], 3)[1],
    sliding_window_view: lambda a, b, s: sliding_window_view(a, (2, 3)),
    np.dstack: lambda a, b, s: np.dstack([a, b]),
    np.block: lambda a, b, s: np.block([[a, b], [s, np.zeros((3, 3))]]),
    np.append: lambda a, b, s: np.append(a, [[1.0, 2.0, 3.0]], axis=0),
    np.insert: lambda a, b, s: np.insert(a, [0, 2], b[:2], axis=0),
    np.delete: lambda a, b, s: np.delete(a, [0, 2], axis=0),
    np.select: lambda a, b, s: np.select([a > 0.5, b > 0.5], [a, 1.0], b),
    np.put_along_axis: lambda a, b, s: (
        np.put_along_axis(a, np.argmax(b, axis=1)[:, None], 9.0, axis=1),
        a,
    )[1],
    np.fill_diagonal: lambda a, b, s: (np.fill_diagonal(a, b[0]), a)[1],
    np.interp: lambda a, b, s: np.interp(a, [0.2, 0.5, 0.7], np.sort(b[0])),
    np.quantile: lambda a, b, s: np.quantile(a, [0.1, 0.7], axis=0).astype(np.float32),
    np.percentile: lambda a, b, s: np.percentile(a, 30, axis=1, keepdims=True),
    np.cov: lambda a, b, s: np.cov(a, rowvar=False),
    np.corrcoef: lambda a, b, s: np.corrcoef(a.T),
    np.nanvar: lambda a, b, s: np.nanvar(np.where(a > 0.6, np.nan, a), axis=0),
    np.nanstd: lambda a, b, s: np.nanstd(a, ddof=1),
    np.nanmedian: lambda a, b, s: np.nanmedian(np.where(a > 0.7, np.nan, a)),
    np.nanmax: lambda a, b, s: np.nanmax(np.where(a > 0.6, np.nan, a)),
    np.nanmin: lambda a, b, s: np.nanmin(np.where(a < 0.3, np.nan, a), axis=1),
    np.i0: lambda a, b, s: np.i0(a),
    np.sinc: lambda a, b, s: np.sinc(a),
    np.trapezoid: lambda a, b, s: np.trapezoid(a, np.sort(b, axis=1)),
    np.convolve: lambda a, b, s: np.convolve(a[:, 0], [1.0, 0.5], "same"),
    np.correlate: lambda a, b, s: np.correlate(a[:, 0], b[0]),
    np.cross: lambda a, b, s: np.cross(a, b),
    np.linalg.pinv: lambda a, b, s: np.linalg.pinv(a),
    np.linalg.det: lambda a, b, s: np.linalg.det(s),
    np.linalg.cholesky: lambda a, b, s: np.linalg.cholesky(a.T @ a + np.eye(3, dtype=a.dtype)),
    np.linalg.svd: lambda a, b, s: np.linalg.svd(a, full_matrices=False)[1],
    np.linalg.qr: lambda a, b, s: np.linalg.qr(a)[1] ** 2,
    np.linalg.eigh: lambda a, b, s: np.linalg.eigh(s + s.T).eigenvalues,
    np.searchsorted: lambda a, b, s: np.searchsorted(np.sort(a[:, 0]), b, side="right"),
    np.digitize: lambda a, b, s: np.digitize(a, [0.2, 0.4, 0.6]),
    np.isin: lambda a, b, s: np.isin(np.argsort(a, axis=1), [0, 2]),
    np.around: lambda a, b, s: np.around(a, 1),
    np.fft.fft: lambda a, b, s: np.fft.fft(a),
    np.fft.ifft: lambda a, b, s: np.fft.ifft(a, axis=0),
    np.fft.rfft: lambda a, b, s: np.fft.rfft(a, n=6),
    np.fft.irfft: lambda a, b, s: np.fft.irfft(np.fft.rfft(a, axis=0), axis=0),
}

_SPECIAL_BINARY = {"kl_div", "rel_entr", "xlogy", "xlog1py"}


def _special_case(name):
    function = getattr(special, name)
    if name in _SPECIAL_BINARY:
        return lambda a, b, s: function(a, b)
    return lambda a, b, s: function(a)


def special_cases(names):
    return {f"special.{name}": _special_case(name) for name in sorted(names)}


def _at(ufunc):
    def rule(a, b, s):
        ufunc.at(a, np.array([0, 2, 0]), b[:3])
        return a

    return rule


def _assign(key, value):
    def rule(a, b, s):
        a[key(b)] = value(b)
        return a

    return rule


def _view_passes_changes_on(a, b, s):
    rows = a[1:3]
    rows *= 2.0
    column = a.T[0]
    column += b[:, 0]
    flat = a.reshape(-1)
    flat[5] = 7.0
    return a


def _view_sees_changes(a, b, s):
    view, copy = a[:2], a[:2] + 0.0
    a += 1.0
    return view - copy


def _copy_is_apart(a, b, s):
    twin = a.T.reshape(-1)  # cannot be a view
    twin += 1.0
    picked = a[[0, 1]]
    picked += 1.0
    return a


def _flipped(flip):
    def rule(a, b, s):
        flip(a)[0] += 7.0
        return a

    return rule


def _nan_in_place(a, b, s):
    a[0] = np.nan
    b[...] = np.nan_to_num(a, copy=False, nan=2.0)
    return a


def _read_only_views_see_changes(a, b, s):
    row = a[0]
    wide, diagonal, windows = np.broadcast_to(row, (2, 3)), np.diagonal(s), np.diag(s)
    turned, vector = sliding_window_view(row, 2), np.diag(row)
    row += 1.0
    s += 2.0
    return np.concatenate([x.ravel() for x in (wide, diagonal, windows, turned, vector)])


def _laid_out_as_numpy_does(a, b, s):
    product, copy = a.T * 2.0, np.copy(a.T)
    product.reshape(-1)[0] = 9.0  # of a copy, as the product is laid out by columns
    copy.reshape(-1)[0] = 9.0
    return product + copy


def _a_view_of_a_scalar_is_a_copy(a, b, s):
    total = a.sum()
    other = total.reshape(1)
    other += 1.0
    return total + 0.0 * other


def _row_by_computed_number(a, b, s):
    row = a[np.argmax(b[:, 0])]
    row *= 5.0
    return a


def _in_place_sort(a, b, s):
    a.sort(axis=0)
    return a


def _names_of_one_array(a, b, s):
    other = a
    other -= 0.5 * b
    return a + other


def _scalars_are_not_changed_in_place(a, b, s):
    total = a.sum()
    before = total
    total += 1.0
    return np.stack([total, before])


def _accumulated(a, b, s):
    total = 0.0
    for row in a:
        total += row * 2.0
    return total


def _augmented(a, b, s):
    a += b
    a -= 0.1
    a *= b
    a /= 1.5
    a **= 2
    a @= s
    return a


MORE_CASES = {
    "a.T": lambda a, b, s: a.T @ b,
    "a.mT": lambda a, b, s: a.mT,
    "a.dot": lambda a, b, s: a.dot(b.T),
    "a.sum": lambda a, b, s: a.sum(axis=1, keepdims=True),
    "a.mean": lambda a, b, s: a.mean(axis=0),
    "a.std": lambda a, b, s: a.std(0),
    "a.var": lambda a, b, s: a.var(),
    "a.max": lambda a, b, s: a.max(axis=1),
    "a.min": lambda a, b, s: a.min(),
    "a.prod": lambda a, b, s: a.prod(0),
    "a.argmax": lambda a, b, s: a.argmax(axis=1),
    "a.argmin": lambda a, b, s: a.argmin(1),
    "a.argsort": lambda a, b, s: a.argsort(axis=0),
    "a.any": lambda a, b, s: (a > 0.5).any(axis=1),
    "a.all": lambda a, b, s: (a > 0.5).all(),
    "a.clip": lambda a, b, s: a.clip(0.3, 0.6),
    "a.clip(max)": lambda a, b, s: a.clip(max=0.6),
    "a.cumsum": lambda a, b, s: a.cumsum(axis=1),
    "a.cumprod": lambda a, b, s: a.cumprod(),
    "a.diagonal": lambda a, b, s: s.diagonal(),
    "a.trace": lambda a, b, s: s.trace(),
    "a.conj": lambda a, b, s: a.conj(),
    "a.real": lambda a, b, s: a.real,
    "a.repeat": lambda a, b, s: a.repeat(2, axis=1),
    "a.round": lambda a, b, s: a.round(1),
    "a.take": lambda a, b, s: a.take([0, 2], axis=1),
    "a.reshape": lambda a, b, s: a.reshape(3, -1),
    "a.reshape of a transpose": lambda a, b, s: a.T.reshape(2, 6),
    "a.ravel": lambda a, b, s: a.ravel(),
    "a.flatten": lambda a, b, s: a.flatten(),
    "a.transpose": lambda a, b, s: a.transpose(1, 0),
    "a.swapaxes": lambda a, b, s: a.swapaxes(0, 1),
    "a.squeeze": lambda a, b, s: a[:1].squeeze(),
    "a.copy": lambda a, b, s: a.copy(),
    "a.astype": lambda a, b, s: a.astype(np.float32),
    "a.astype(int)": lambda a, b, s: (10 * a).astype(int),
    "a.fill": lambda a, b, s: (a.fill(2.0), a)[1],
    "a.view": lambda a, b, s: a.view(),
    "a.size": lambda a, b, s: a * a.size * a.ndim * len(a) * a.shape[1],
    "isinstance": lambda a, b, s: a if isinstance(a, np.ndarray) else b,
    "operators": lambda a, b, s: -a + b * 2 - 1.5 / a + a**2 + a**b + 2.0**a + abs(a - b),
    "floor and remainder": lambda a, b, s: (5 * a) // b + (5 * a) % b + divmod(5 * a, b)[0],
    "comparisons": lambda a, b, s: (a < b) & (a != 0.5) | ~(a >= 0.7) ^ (a == b),
    "slices": lambda a, b, s: a[1:3, ::-1] + b[:2],
    "one element": lambda a, b, s: a[0, 1] * b,
    "one row": lambda a, b, s: a[-1],
    "new axis": lambda a, b, s: a[:, None, :] + b[None, ..., 0, None],
    "rows by number": lambda a, b, s: a[np.array([3, 0, 0])],
    "rows by list": lambda a, b, s: a[[3, 0, 0]],
    "columns by number": lambda a, b, s: a[:, [2, 0]],
    "pairs of numbers": lambda a, b, s: a[np.arange(4), [0, 1, 2, 0]],
    "rows by computed number": lambda a, b, s: a[np.argsort(b[:, 0])],
    "pairs of computed numbers": lambda a, b, s: a[np.arange(4), np.argmax(b, axis=1)],
    "constant mask": lambda a, b, s: a[np.array([True, False, True, False])],
    "unpacking": lambda a, b, s: a[0] + sum(row for row in b),
    "set all": _assign(lambda b: Ellipsis, lambda b: b),
    "set a slice": _assign(lambda b: slice(1, 3), lambda b: b[:2]),
    "set one element": _assign(lambda b: (0, 1), lambda b: b[2, 2]),
    "set by mask": _assign(lambda b: b > 0.5, lambda b: 0.0),
    "set by row mask": _assign(lambda b: b[:, 0] > 0.5, lambda b: -1.0),
    "set by number": _assign(lambda b: np.array([3, 0]), lambda b: b[:2]),
    "np.add.at": _at(np.add),
    "np.subtract.at": _at(np.subtract),
    "np.multiply.at": _at(np.multiply),
    "np.maximum.at": _at(np.maximum),
    "np.minimum.at": _at(np.minimum),
    "np.add.reduce": lambda a, b, s: np.add.reduce(a),
    "np.add.reduce of all": lambda a, b, s: np.add.reduce(a, axis=None),
    "np.multiply.reduce": lambda a, b, s: np.multiply.reduce(a, 1),
    "np.maximum.reduce": lambda a, b, s: np.maximum.reduce(a, axis=1, keepdims=True),
    "np.minimum.reduce": lambda a, b, s: np.minimum.reduce(a),
    "np.logical_and.reduce": lambda a, b, s: np.logical_and.reduce(a > 0.2),
    "np.logical_or.reduce": lambda a, b, s: np.logical_or.reduce(a > 0.8),
    "np.add.accumulate": lambda a, b, s: np.add.accumulate(a),
    "np.multiply.accumulate": lambda a, b, s: np.multiply.accumulate(a),
    "np.multiply.outer": lambda a, b, s: np.multiply.outer(a[0], b[:, 1]),
    "out=": lambda a, b, s: (np.multiply(a, 2.0, out=b), a + b)[1],
    "out= of a function": lambda a, b, s: (np.cumsum(a, axis=0, out=b), b)[1],
    "where=": lambda a, b, s: np.log(a, out=b, where=a > 0.5),
    "dtype=": lambda a, b, s: np.add(a, b, dtype=np.float64),
    "sum with dtype": lambda a, b, s: np.sum(a, dtype=np.float64),
    "in-place operators": _augmented,
    "views pass changes on": _view_passes_changes_on,
    "views see changes": _view_sees_changes,
    "copies are apart": _copy_is_apart,
    "writing through np.flip": _flipped(np.flip),
    "writing through np.fliplr": _flipped(np.fliplr),
    "writing through np.rot90": _flipped(np.rot90),
    "writing through np.einsum": _flipped(lambda a: np.einsum("ij->ji", a)),
    "writing through np.moveaxis": _flipped(lambda a: np.moveaxis(a, 0, 1)),
    "writing through order F": _flipped(lambda a: a.T.reshape(-1, order="F")),
    "np.nan_to_num in place": _nan_in_place,
    "read-only views": _read_only_views_see_changes,
    "layouts": _laid_out_as_numpy_does,
    "a view of a scalar": _a_view_of_a_scalar_is_a_copy,
    "a row by a computed number": _row_by_computed_number,
    "a.sort": _in_place_sort,
    "pieces between decreasing points": lambda a, b, s: np.concatenate(np.split(a, [3, 1])),
    "whole numbers by 0": lambda a, b, s: (10 * a).astype(int) // 0 + (10 * a).astype(int) % 0,
    "whole numbers by computed 0": lambda a, b, s: np.divmod(
        np.argsort(a, axis=1), np.argsort(b, axis=1)
    )[0],
    "stable sorting": lambda a, b, s: np.argsort(a > 0.5, axis=0, kind="stable"),
    "False times nan": lambda a, b, s: (a > 0.5) * np.where(a > 0.5, a, np.nan),
    "a truth value": lambda a, b, s: a * True + (a > 0.5) ** 2 - False,
    "compared with nothing": lambda a, b, s: np.where(a != None, a, b) * (a == "x"),  # noqa: E711
    "round of a scalar": lambda a, b, s: round(a.sum(), 1),
    "powers": lambda a, b, s: a**0.5 + 2**a + a**-1 + a ** np.float32(2) + (1 - a) ** 2.0,
    "a wide scalar": lambda a, b, s: np.float64(2) * a,
    "a narrow scalar": lambda a, b, s: np.float32(2) * a,
    "stack of a list": lambda a, b, s: np.stack([a[0], [1.0, 2.0, 3.0]]),
    "stack of numbers": lambda a, b, s: np.stack([a[0, 0], 0.1]),
    "hstack with a number": lambda a, b, s: np.hstack([a[0], 0.1]),
    "dot with a number": lambda a, b, s: np.dot(a, 0.1),
    "inner with a list": lambda a, b, s: np.inner(a, [0.1, 0.2, 0.3]),
    "diff with a number": lambda a, b, s: np.diff(a, axis=0, prepend=0),
    "matmul with out": lambda a, b, s: (np.matmul(a, s, out=b), b)[1],
    "vectors multiplied": lambda a, b, s: a[0] @ s @ b[1],
    "max with where": lambda a, b, s: np.max(a, axis=0, where=b > 0.5, initial=0.3),
    "sum with out": lambda a, b, s: (np.sum(a, 0, None, b[0]), b)[1],
    "einsum of all": lambda a, b, s: np.einsum("ij->", a),
    "tensordot of all": lambda a, b, s: np.tensordot(a, b),
    "a list of none": lambda a, b, s: a[[]],
    "a range": lambda a, b, s: a[range(2)] + a[(0, 1),],
    "a scalar by a computed number": lambda a, b, s: a[0][np.argmax(b[0])],
    "set rows by mask to a row": _assign(lambda b: b[:, 0] > 0.5, lambda b: b[1]),
    "set with axes of one": _assign(lambda b: 0, lambda b: b[:1][None]),
    "a scalar is a float": lambda a, b, s: (
        a * isinstance(a.sum(), float) + isinstance(a.sum(), np.floating) + np.isscalar(a.sum())
    ),
    "astype with casting": lambda a, b, s: a.astype(np.float64, casting="safe", order="C"),
    "complex parts": lambda a, b, s: (a + 2j * b).imag + (a * 1j).real,
    "one-hot rows of a table": lambda a, b, s: np.take_along_axis(
        np.eye(3), np.argmax(a, axis=1)[:, None], axis=0
    ),
    "two names of one array": _names_of_one_array,
    "scalars": _scalars_are_not_changed_in_place,
    "a loop over rows": _accumulated,
    "constants": lambda a, b, s: np.array([1.0, 2.0, 3.0]) * a @ np.eye(3),
    "constants first": lambda a, b, s: np.dot(np.ones((1, 4)), a) + np.ones((1, 4)) @ b,
    "whole numbers": lambda a, b, s: np.arange(4)[:, None] * a + np.int64(3),
    "whole numbers divided": lambda a, b, s: (a > 0.5).sum() / 4,
    "mean of truth values": lambda a, b, s: np.mean(a > 0.5, axis=0),
    "sum of truth values": lambda a, b, s: (a > 0.5).sum(axis=0) + np.cumsum(b > 0.5)[0],
    "mixed dtypes": lambda a, b, s: a.astype(np.float32) * 2.0 + np.float64(1.0) * b,
    "whole numbers and floats": lambda a, b, s: np.concatenate([np.argsort(a), b]),
    "where of whole numbers": lambda a, b, s: np.where(a > b, 1, 0),
    "where of python floats": lambda a, b, s: np.where(a > b, 1.0, 0.0) * a,
    "argmax as one-hot": lambda a, b, s: (np.arange(3) == np.argmax(a, axis=1)[:, None]) * 1.0,
    "softmax": lambda a, b, s: (
        np.exp(a - a.max(axis=1, keepdims=True))
        / np.exp(a - a.max(axis=1, keepdims=True)).sum(axis=1, keepdims=True)
    ),
    "np.linalg.norm of rows": lambda a, b, s: np.linalg.norm(a, axis=1, keepdims=True),
    "power by 0.5": lambda a, b, s: np.power(a, 0.5) + np.power(a, -1) + np.power(a, 3),
    "batched matmul": lambda a, b, s: a.reshape(2, 2, 3) @ s,
}
# Ufuncs of NumPy whose results are not compared above, by what they are given.
UNARY = (
    "abs absolute acos arccos arcsin arcsinh arctan arctanh asin asinh atan atanh cbrt ceil cos "
    "cosh deg2rad degrees exp exp2 expm1 fabs floor isfinite isinf isnan log log10 log1p log2 "
    "negative positive rad2deg radians reciprocal rint sign signbit sin sinh sqrt square tan tanh "
    "trunc conjugate logical_not"
).split()
BINARY = (
    "add arctan2 atan2 copysign divide equal float_power floor_divide fmax fmin fmod greater "
    "greater_equal heaviside hypot less less_equal logaddexp logaddexp2 logical_and logical_or "
    "logical_xor maximum minimum mod multiply nextafter not_equal pow power remainder subtract "
    "true_divide"
).split()


def ufunc_cases():
    cases = {f"np.{n}": _unary(getattr(np, n)) for n in UNARY}
    cases["np.arccosh"] = lambda a, b, s: np.arccosh(1.0 + a)
    cases["np.acosh"] = lambda a, b, s: np.acosh(1.0 + a)
    return cases | {f"np.{n}": _binary(getattr(np, n)) for n in BINARY}


def _unary(ufunc):
    return lambda a, b, s: ufunc(a)


def _binary(ufunc):
    return lambda a, b, s: ufunc(a, b)
