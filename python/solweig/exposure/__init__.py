"""Who is exposed to heat: statistics by polygon and heat along a way, from a finished run."""
