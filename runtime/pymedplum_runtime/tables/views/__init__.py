"""Views: their definitions, checked and compiled to plans."""
