"""Where a client's settings come from: the environment, and profiles in a file.

`read_settings` merges both, `Settings.client_options` gives a constructor's arguments,
`save_profile` writes a profile, and `token_file` says where `pymedplum login` keeps its tokens.
"""

from pymedplum_runtime.config.environment import from_env_options, read_settings
from pymedplum_runtime.config.keys import KEYS, VARIABLES
from pymedplum_runtime.config.places import DEFAULT_PROFILE, config_file, token_file
from pymedplum_runtime.config.profiles import profile_names, read_profile, save_profile
from pymedplum_runtime.config.settings import Settings, SignIn

__all__ = [
    "DEFAULT_PROFILE",
    "KEYS",
    "VARIABLES",
    "Settings",
    "SignIn",
    "config_file",
    "from_env_options",
    "profile_names",
    "read_profile",
    "read_settings",
    "save_profile",
    "token_file",
]
