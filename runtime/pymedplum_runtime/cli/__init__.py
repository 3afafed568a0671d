"""The command `pymedplum`: what people run in a terminal, and scripts in a pipe."""
