"""Carrying out a run: settings, checks, plan, steps, tiles, what-if."""
