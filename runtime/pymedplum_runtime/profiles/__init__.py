"""Profiles: StructureDefinitions compiled to tables, and the set of tables that is known."""

from typing import TYPE_CHECKING

from pymedplum_runtime.lazy import lazy_attributes

if TYPE_CHECKING:
    from pymedplum_runtime.profiles.compiler import compile_profile as compile_profile
    from pymedplum_runtime.profiles.compiler import compile_profiles as compile_profiles
    from pymedplum_runtime.profiles.contents import GuideSource as GuideSource
    from pymedplum_runtime.profiles.contents import read_guide as read_guide
    from pymedplum_runtime.profiles.definitions import Definitions as Definitions
    from pymedplum_runtime.profiles.definitions import packaged as packaged
    from pymedplum_runtime.profiles.modules import write_module as write_module
    from pymedplum_runtime.profiles.problems import Tolerated as Tolerated
else:
    _HOME = __name__ + "."
    __getattr__, __dir__ = lazy_attributes(
        __name__,
        {
            "Definitions": _HOME + "definitions",
            "GuideSource": _HOME + "contents",
            "Tolerated": _HOME + "problems",
            "compile_profile": _HOME + "compiler",
            "compile_profiles": _HOME + "compiler",
            "packaged": _HOME + "definitions",
            "read_guide": _HOME + "contents",
            "write_module": _HOME + "modules",
        },
    )
