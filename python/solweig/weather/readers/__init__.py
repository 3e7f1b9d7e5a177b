"""Readers of weather: EPW files, UMEP's text format, tables."""
