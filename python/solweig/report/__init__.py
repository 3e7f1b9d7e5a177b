"""A finished run as one page that people pass on."""
