"""CDS services as an application serves them."""
