"""The messages of CDS Hooks: what they are and how they are read."""
