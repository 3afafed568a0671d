"""The core of both clients: effects, the layers of a call, and the two drivers."""
