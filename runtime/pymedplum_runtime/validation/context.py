"""What a validation carries along: where it is, what it found, and what it has yet to ask."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast

from pymedplum_runtime.profiles.definitions import Definitions
from pymedplum_runtime.validation.narrative import Reading, read_narrative
from pymedplum_runtime.validation.place import Place as Place  # noqa: PLC0414 - given on
from pymedplum_runtime.validation.report import Issue, MustSupport, Severity, Unchecked

if TYPE_CHECKING:
    from pymedplum_runtime.terminology import CodeQuestion
    from pymedplum_runtime.validation.surroundings import Surroundings

Level = Literal["structure", "base", "profile"]
Message = str | Callable[[], str]  # a function, where putting it together takes time
DEEPEST = 100  # levels that are walked, as many as the models read
MOST_ALIKE = 100  # issues of one rule that are listed; the rest is counted


class Question(NamedTuple):
    """A code that the tables can't judge, and what becomes of it when somebody can."""

    asked: "CodeQuestion"
    place: Place
    rule: tuple[str, str, str | None]
    """The definition, the element and the profile that ask for it."""


class Context:
    """What one call of `validate` shares; not for two threads at once."""

    def __init__(self, definitions: Definitions, level: Level = "profile") -> None:
        self.definitions = definitions
        self.level: Level = level
        self.issues: list[Issue] = []
        self.questions: list[Question] = []
        self.profiles: dict[str, None] = {}
        self.unchecked: dict[Unchecked, None] = {}
        self.applied: set[tuple[str, int]] = set()  # profiles and the resources that had them
        # Of profile_pass: which profiles were checked where, and what trials found out.
        self.passed: set[tuple[object, ...]] = set()
        self.outcomes: dict[tuple[str, int], bool | None] = {}
        self.nesting = 0
        self.is_cut = False  # whether the walk ended where the data is too deep
        self._must_support: dict[MustSupport, None] = {}
        self._counts: dict[tuple[str, str, str, str, str | None], int] = {}
        self._surroundings: dict[Place, Surroundings] = {}
        self._narratives: dict[int, Reading] = {}
        self._references: Any = None  # references.References, made when first needed

    def report(  # noqa: PLR0913 - the members of an issue
        self,
        severity: Severity,
        code: str,
        place: Place,
        message: "Message",
        *,
        definition: str,
        element: str,
        key: str | None = None,
        profile: str | None = None,
    ) -> None:
        """Add an issue; after a hundred of one rule they are only counted.

        `message` may be a function, for one that takes time to put together.
        """
        rule = (severity, code, definition, key or element, profile)
        count = self._counts[rule] = self._counts.get(rule, 0) + 1
        if count > MOST_ALIKE:
            return
        text = message if isinstance(message, str) else message()
        self.issues.append(
            Issue(severity, code, place.expression, text, key, profile, definition, element)
        )

    def must_support(self, profile: str, element: str) -> None:
        """Note that an element that the profile marks as must-support is absent."""
        self._must_support[MustSupport(profile, element)] = None

    def leave_unchecked(self, place: Place, canonical: str, reason: str) -> None:
        """Note that a rule could not be checked."""
        self.unchecked[Unchecked(place.expression, canonical, reason)] = None

    def ask(
        self,
        question: "CodeQuestion",
        place: Place,
        *,
        definition: str,
        element: str,
        profile: str | None = None,
    ) -> None:
        """Keep a question for the terminology service."""
        self.questions.append(Question(question, place, (definition, element, profile)))

    def trial(self) -> "Trial":
        """Return a context to find out whether a value satisfies a rule, without reporting it."""
        return Trial(self)

    def resolve(self, reference: str, place: Place) -> Place | None:
        """Return the resource that a literal reference means: contained, or in the same Bundle."""
        from pymedplum_runtime.validation.references import (  # noqa: PLC0415 - a cycle
            References,
        )

        if self._references is None:
            self._references = References()
        found = self._references.resolve(reference, place)
        return cast("Place | None", found)

    def narrative(self, text: str) -> Reading:
        """Return what a narrative's text is; read once for its three rules."""
        # By identity: the resource keeps the text alive, and it need not be hashed.
        reading = self._narratives.get(id(text))
        if reading is None:
            reading = self._narratives[id(text)] = read_narrative(text)
        return reading

    def surroundings(self, place: Place) -> "Surroundings":
        """Return what FHIRPath's %resource and functions mean at a place."""
        nearest = place.resource
        # The key is the place itself, and not its id, which may be another's later.
        known = self._surroundings.get(nearest)
        if known is None:
            from pymedplum_runtime.validation.surroundings import (  # noqa: PLC0415 - a cycle
                Surroundings,
            )

            known = self._surroundings[nearest] = Surroundings(self, nearest)
        return known

    def must_support_missing(self) -> Sequence[MustSupport]:
        """Return the absent must-support elements, each once."""
        return tuple(self._must_support)

    def close(self) -> None:
        """Say how many issues were counted and not listed."""
        for (severity, code, definition, rule, profile), count in self._counts.items():
            if count > MOST_ALIKE:
                more = f"this rule is broken {count - MOST_ALIKE} more times"
                issue = Issue(
                    cast("Severity", severity), code, "", more, None, profile, definition, rule
                )
                self.issues.append(issue)
        self._counts.clear()


class Trial(Context):
    """A context that only remembers whether something failed, and what is open."""

    def __init__(self, parent: Context) -> None:
        super().__init__(parent.definitions, parent.level)
        self.outcomes = parent.outcomes
        self.nesting = parent.nesting
        self.failed = False
        self._parent = parent

    def report(  # noqa: PLR0913 - as Context.report
        self,
        severity: Severity,
        code: str,
        place: Place,
        message: "Message",
        *,
        definition: str,
        element: str,
        key: str | None = None,
        profile: str | None = None,
    ) -> None:
        """Remember an error; nothing is listed."""
        del code, place, message, definition, element, key, profile
        if severity in ("error", "fatal"):
            self.failed = True

    def resolve(self, reference: str, place: Place) -> Place | None:
        """Return what the reference means to the context that is tried for."""
        return self._parent.resolve(reference, place)

    def surroundings(self, place: Place) -> "Surroundings":
        """Return the surroundings of the context that is tried for."""
        return self._parent.surroundings(place)
