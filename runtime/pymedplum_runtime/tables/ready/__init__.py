"""Views for common questions."""
