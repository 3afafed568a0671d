"""What a server says that it can do: its CapabilityStatement, read, and searches held to it.

Knows no flow: `flows.capabilities` fetches the statement, `flows.preflight` checks searches.
"""

from pymedplum_runtime.capabilities.reading import read_capabilities
from pymedplum_runtime.capabilities.server import (
    Capabilities,
    Implementation,
    Interaction,
    ResourceCapabilities,
    SearchParam,
    Security,
    Software,
)

__all__ = [
    "Capabilities",
    "Implementation",
    "Interaction",
    "ResourceCapabilities",
    "SearchParam",
    "Security",
    "Software",
    "read_capabilities",
]
