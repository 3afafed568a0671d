"""CDS Hooks: what services and those who call them share, and each of the two sides."""
