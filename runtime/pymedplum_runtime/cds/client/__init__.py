"""CDS services as a client calls them."""
