"""Files: those of a data set, wherever they are: a file, a list, a folder, a pattern, or a URI."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

from glassbrick.checks import complaint, refuse
from glassbrick.errors import ArgumentTypeError, FileError, MissingExtraError
from glassbrick.tables import ARROW_ENDINGS, CSV_ENDINGS, PARQUET_ENDINGS

if TYPE_CHECKING:
    from pyarrow.fs import FileInfo, FileSystem

__all__ = ["DataFile", "Files", "find_files", "is_pattern"]

_FORMATS = {
    "parquet": PARQUET_ENDINGS,
    "arrow": ARROW_ENDINGS,
    "csv": CSV_ENDINGS,
}
_ENDINGS = {ending: name for name, endings in _FORMATS.items() for ending in endings}
_OPTIONS = r"(.*?)(\?\w+=(?:\w+://|[^/*?\[])*)?"  # at the end of a URI, if there are any
_NO_VALUE = "__HIVE_DEFAULT_PARTITION__"


class DataFile(NamedTuple):
    """A file.

    Attributes
    ----------
    path : str
        In its file system.
    size : int
        In bytes.
    changed : int or None
        When it was written, in nanoseconds; None if that is not known.
    keys : tuple of (str, str or None)
        What the names of its folders say, such as year=2024.
    """

    path: str
    size: int
    changed: int | None
    keys: tuple[tuple[str, str | None], ...] = ()


@dataclass(frozen=True)
class Files:
    """The files of a data set, in the order of their names.

    Attributes
    ----------
    system : pyarrow.fs.FileSystem
        Where they are.
    files : tuple of DataFile
        At least one.
    format : {"parquet", "arrow", "csv"}
        What all of them are.
    """

    system: FileSystem
    files: tuple[DataFile, ...]
    format: str

    @property
    def is_local(self) -> bool:
        """Whether they are on this computer."""
        return bool(self.system.type_name == "local")

    @property
    def size(self) -> int:
        """Bytes of all of them."""
        return sum(file.size for file in self.files)

    def require_unchanged(self, number: int, who: str) -> None:
        """Refuse a file that is not there any more, or is not what it was.

        Raises
        ------
        FileError
            If so.
        """
        file = self.files[number]
        try:
            now = self.system.get_file_info(file.path)
        except OSError as error:
            raise FileError(f"{who}: cannot be looked for: {error}.") from None
        if not now.is_file:
            raise FileError(f"{who}: the file is not there any more.")
        if (now.size, now.mtime_ns) != (file.size, file.changed):
            raise FileError(
                f"{who}: the file was changed since it was first read. "
                "Start again, with files that stay as they are."
            )


def _require_pyarrow(who: str) -> None:
    """Refuse to go on without pyarrow.

    Raises
    ------
    MissingExtraError
        If it is not installed.
    """
    try:
        import pyarrow.fs  # noqa: F401
    except ImportError:
        raise MissingExtraError(f"{who}: a stream of files", "pyarrow", "stream") from None


def find_files(data: Any, who: str, filesystem: FileSystem | None = None) -> Files:
    """Find the files that are meant.

    Parameters
    ----------
    data : str, path, or list of them
        Of a file, a folder, or files by a pattern with ``*``, ``**``, ``?`` or ``[...]``; or a
        URI that Arrow knows, such as ``s3://bucket/folder?region=eu-west-1``. In folders, names
        that begin with a dot or an underscore are passed over.
    who : str
        What to call whoever asks, in errors.
    filesystem : pyarrow.fs.FileSystem, optional
        Where they are; by default on this computer, or where the URI says.

    Raises
    ------
    FileError
        If there are none, one cannot be found, or they are of different kinds.
    ArgumentTypeError
        If it is something else.
    MissingExtraError
        If pyarrow is not installed.
    """
    _require_pyarrow(who)
    given = list(data) if isinstance(data, Sequence) and not isinstance(data, str) else [data]
    for one in given:
        if not isinstance(one, str | os.PathLike):
            refuse(ArgumentTypeError, who, "the path of a file or folder, or a list of them", one)
    if not given:
        raise FileError(complaint(who, "at least one file", "an empty list"))
    systems, found = [], []
    for one in given:
        text = os.fspath(one)
        system, path = _located(text, filesystem, f"{who}, {text}")
        systems.append(system)
        found += _matching(system, path, f"{who}, {text}")
    if any(system != systems[0] for system in systems):
        raise FileError(f"{who}: expected all files in one file system.")
    unique = {info.path: (info, base) for info, base in found}
    base = _common([info.path for info, _ in unique.values()])
    files = tuple(
        DataFile(path, info.size, info.mtime_ns, _keys(path, base if len(given) > 1 else top))
        for path, (info, top) in sorted(unique.items())
    )
    return Files(systems[0], files, _format_of(files, who))


def is_pattern(text: str) -> bool:
    """Whether a path stands for several files."""
    return any(sign in text for sign in "*?[")


def _located(text: str, filesystem: FileSystem | None, who: str) -> tuple[FileSystem, str]:
    """Return the file system, and the path in it."""
    import pyarrow
    from pyarrow import fs

    if filesystem is not None:
        return filesystem, text.rstrip("/") or "/"
    if "://" not in text:
        return fs.LocalFileSystem(), os.path.abspath(text)  # noqa: PTH100 (which keeps patterns)
    try:
        # The options of a URI, such as ?region=eu-west-1, are no pattern.
        text, options = re.fullmatch(_OPTIONS, text, re.DOTALL).groups("")  # type: ignore[union-attr]
        head, sign, rest = re.fullmatch(r"([^*?\[]*)(/?)(.*)", text, re.DOTALL).groups()  # type: ignore[union-attr]
        head, _, name = head.rpartition("/") if rest else (head, "", "")
        system, path = fs.FileSystem.from_uri((head or text) + options)
    except (OSError, ValueError, pyarrow.ArrowException) as error:
        advice = "Arrow knows file://, s3://, gs://, abfs:// and hdfs://."
        raise FileError(f"{who}: {error}. {advice}") from None
    return system, f"{path}/{name}{sign}{rest}" if rest else path


def _matching(system: FileSystem, path: str, who: str) -> list[tuple[FileInfo, str]]:
    """Return the files that a path stands for, each with the folder at which it was looked for."""
    from pyarrow import fs

    try:
        info = system.get_file_info(path)
        if info.is_file:
            return [(info, path.rpartition("/")[0])]
        if info.type == fs.FileType.Directory:
            return [(found, path) for found in _in_folder(system, path, who)]
        if not is_pattern(path):
            raise FileError(f"{who}: there is no such file or folder.")
        top = path[: re.search(r"[*?\[]", path).start()].rpartition("/")[0] or "/"  # type: ignore[union-attr]
        if system.get_file_info(top).type != fs.FileType.Directory:
            raise FileError(f"{who}: there is no folder {top}.")
        listed = system.get_file_info(fs.FileSelector(top, recursive=True))
    except OSError as error:
        if isinstance(error, FileError):
            raise
        raise FileError(f"{who}: cannot be looked for: {error}.") from None
    wanted = re.compile(_as_expression(path))
    files = [(found, top) for found in listed if found.is_file and wanted.fullmatch(found.path)]
    folders = [found.path for found in listed if not found.is_file and wanted.fullmatch(found.path)]
    for folder in folders:
        files += [(found, top) for found in _in_folder(system, folder, who)]
    files = [(found, top) for found, top in files if not _is_hidden(found.path, top)]
    if not files:
        raise FileError(f"{who}: no file matches.")
    return files


def _in_folder(system: FileSystem, path: str, who: str) -> list[FileInfo]:
    from pyarrow import fs

    listed = system.get_file_info(fs.FileSelector(path, recursive=True))
    found = [info for info in listed if info.is_file and not _is_hidden(info.path, path)]
    known = [info for info in found if _ending(info.path) in _ENDINGS]
    if not known:
        there = ", ".join(sorted({_ending(info.path) or "no ending" for info in found})[:5])
        expected = f"files that end in {', '.join(_ENDINGS)}"
        raise FileError(complaint(f"{who}, a folder", expected, there or "an empty folder"))
    return known


def _below(path: str, top: str) -> tuple[str, ...]:
    """Return the names of folders and file below a folder."""
    return PurePosixPath(path.removeprefix(top.rstrip("/")).lstrip("/")).parts


def _is_hidden(path: str, top: str) -> bool:
    """Whether a program has put it there for itself: _SUCCESS, .part.crc, _temporary/..."""
    return any(part[0] in "._" for part in _below(path, top))


def _ending(path: str) -> str:
    return PurePosixPath(path).suffix.lower()


def _as_expression(pattern: str) -> str:
    """Return a pattern of paths as a regular expression."""
    parts = re.split(r"(\*\*/|\*\*|\*|\?|\[[^\]]+\])", pattern)
    signs = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    told = []
    for place, part in enumerate(parts):
        if place % 2 == 0:
            told.append(re.escape(part))
        else:
            told.append(signs.get(part) or part.replace("[!", "[^"))
    return "".join(told)


def _common(paths: list[str]) -> str:
    """Return the folder that holds all of them."""
    return os.path.commonpath([path.rpartition("/")[0] or "/" for path in paths])


def _keys(path: str, top: str) -> tuple[tuple[str, str | None], ...]:
    """Return what the folders below `top` are called, as far as they are called key=value."""
    found = []
    for part in _below(path, top)[:-1]:
        name, sign, value = part.partition("=")
        if name and sign:
            found.append((unquote(name), None if value == _NO_VALUE else unquote(value)))
    return tuple(found)


def _format_of(files: Sequence[DataFile], who: str) -> str:
    formats: dict[str, str] = {}
    for file in files:
        ending = _ending(file.path)
        if ending not in _ENDINGS:
            expected = f"files that end in {', '.join(_ENDINGS)}"
            raise FileError(complaint(f"{who}, {file.path}", expected, ending or "none"))
        formats.setdefault(_ENDINGS[ending], file.path)
    if len(formats) > 1:
        told = " and ".join(formats.values())
        raise FileError(f"{who}: expected files of one format; there are {told}.")
    return next(iter(formats))
