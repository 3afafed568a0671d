"""Files of resources held against the rules: JSON, and NDJSON line by line."""

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

from pymedplum_runtime.cli.exits import UsageError
from pymedplum_runtime.cli.input import STDIN, name_of, stdin
from pymedplum_runtime.ndjson.lines import Line
from pymedplum_runtime.ndjson.mapping import mapped
from pymedplum_runtime.ndjson.reader import Problems
from pymedplum_runtime.ndjson.records import LineReader, NotAResourceError, resource_in
from pymedplum_runtime.ndjson.sources import ENDINGS, name_place

if TYPE_CHECKING:
    from pymedplum_runtime.errors import NdjsonError
    from pymedplum_runtime.validation import ValidationReport

Level = Literal["structure", "base", "profile"]
_IN_FOLDERS = (".json", *ENDINGS)
_MANIFEST = "package.json"
_HEAD_BYTES = 64 * 1024
_COMPRESSED = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd")
_INDENTED = (b"{", b"[", b",", b":")  # what the first line of JSON over several lines ends with
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Checked:
    """A resource that was validated, or what stands in the place of one."""

    source: str
    """The name of the file."""
    line: int | None
    """Its line, from 1; `None` where the file is one resource, or broken as a whole."""
    report: "ValidationReport | None" = None
    problem: str = ""
    """Why there is no resource; it quotes nothing."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What resources are held against; goes to other processes as it is."""

    profiles: tuple[str, ...] = ()
    load: tuple[str, ...] = ()
    level: Level = "profile"

    def __call__(self, found: "tuple[str, int | None, dict[str, Any] | str]") -> Checked:
        """Validate a resource; in its place may stand why there is none."""
        from pymedplum_runtime.validation import validate  # noqa: PLC0415 - loads the validator

        source, line, resource = found
        if isinstance(resource, str):
            return Checked(source, line, problem=resource)
        self.prepare()
        if self.profiles:
            resource = _naming(resource, self.profiles)
        return Checked(source, line, validate(resource, level=self.level))

    def prepare(self) -> None:
        """Load the profiles that are not part of the package, once in a process.

        Raises:
            ProfileError: one cannot be compiled, or is not known.
            UsageError: there is nothing to load.
        """
        if self.load:
            _load(self.load)
        if self.profiles:
            _naming({}, self.profiles)


class NumberedReader(LineReader):
    """Reads a line into its place and its resource, or why it is none."""

    def read(self, line: Line) -> "tuple[str, int, dict[str, Any] | str]":
        """Read a line."""
        try:
            return line.source, line.number, resource_in(line.content, exact=True)
        except NotAResourceError as error:
            return line.source, line.number, str(error)


class Input:
    """An open file whose first line was looked at; ndjson reads it by name and `read`."""

    def __init__(self, name: str, file: BinaryIO) -> None:
        self.name = name
        self._file = file
        self._head = b""
        while len(self._head) < _HEAD_BYTES and b"\n" not in self._head.lstrip():
            chunk = file.read(_HEAD_BYTES - len(self._head))
            if not chunk:
                break
            self._head += chunk

    @property
    def is_one_resource(self) -> bool:
        """Whether it is JSON over several lines; a resource in one line is NDJSON as well."""
        if self._head.startswith(_COMPRESSED):
            return False
        first, end, _ = self._head.lstrip().partition(b"\n")
        return bool(end) and first.rstrip().endswith(_INDENTED)

    @property
    def is_blank(self) -> bool:
        """Whether there is nothing but space in it."""
        return len(self._head) < _HEAD_BYTES and not self._head.removeprefix(_BOM).strip()

    def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes."""
        head, self._head = self._head, b""
        return head + self._file.read() if size < 0 else head or self._file.read(size)


def checked(files: list[str], rules: Rules, processes: int) -> Iterator[Checked]:
    """Validate the resources of files, in their order; what is broken takes its place.

    Raises:
        OSError: a file cannot be read.
    """
    for name in files:
        with nullcontext(stdin()) if name == STDIN else Path(name).open("rb") as file:
            try:
                yield from _checked(Input(name_of(name), file), rules, processes)
            except OSError as error:
                name_place(error, name_of(name))
                raise


def files_at(named: list[str]) -> list[str]:
    """Return files, and for a folder those that it holds, by name.

    Raises:
        UsageError: a file is not there, a folder holds none, or stdin is named twice.
    """
    if named.count(STDIN) > 1:
        raise UsageError("- can be read once")
    return [file for name in named for file in _files_at(name)]


def _files_at(name: str) -> list[str]:
    path = Path(name)
    if name == STDIN or path.is_file():
        return [name]
    if not path.is_dir():
        raise UsageError(f"{name}: there is no such file")
    inside = sorted(p for p in path.iterdir() if _is_resources(p) and p.is_file())
    if inside:
        return [str(each) for each in inside]
    raise UsageError(f"{name}: the folder holds no file ending in {', '.join(_IN_FOLDERS)}")


def _is_resources(path: Path) -> bool:
    """Tell a file of resources from hidden ones, and from the manifest of an npm package."""
    name = path.name
    return name.endswith(_IN_FOLDERS) and not name.startswith(".") and name != _MANIFEST


def _checked(given: Input, rules: Rules, processes: int) -> Iterator[Checked]:
    if given.is_blank and given.name.endswith(".json"):  # an empty NDJSON file is an empty list
        yield Checked(given.name, None, problem="there is nothing in it")
        return
    if given.is_one_resource:
        try:
            resource = resource_in(given.read().removeprefix(_BOM), exact=True)
        except NotAResourceError as error:
            yield Checked(given.name, None, problem=str(error))
        else:
            yield rules((given.name, None, resource))
        return
    broken: list[NdjsonError] = []  # files that are cut off or damaged; lines are results
    reader = NumberedReader(exact_decimals=True)
    with mapped(rules, given, reader, Problems(broken.append), processes) as results:
        yield from results
    for end in broken:
        place = end.source if end.line is None else f"{end.source}, line {end.line}"
        yield Checked(end.source, end.line, problem=str(end).removeprefix(f"{place}: "))


def _naming(resource: dict[str, Any], profiles: tuple[str, ...]) -> dict[str, Any]:
    from pymedplum_runtime.flows.wanted_profiles import with_profiles  # noqa: PLC0415 - for profiles alone

    return with_profiles(resource, profiles)


@lru_cache(maxsize=1)
def _load(names: tuple[str, ...]) -> None:
    from pymedplum_runtime.validation.profile_loading import (  # noqa: PLC0415 - the compiler
        load_profile,
    )

    sources = [name if Path(name).exists() else _module(name) for name in names]
    load_profile(sources[0] if len(sources) == 1 else sources)  # errors name a source that is alone


def _module(name: str) -> ModuleType:
    """Return a module by its dotted name.

    Raises:
        UsageError: there is none.
    """
    try:
        return import_module(name)
    except (ImportError, ValueError, TypeError):
        pass
    raise UsageError(
        f"--load {name}: there is no such file or module; `pymedplum profile` makes modules"
    )
