"""The hand-written half of pymedplum: behaviour that the generated declarations stand on.

Users import `pymedplum`, which re-exports what is public here.
"""
