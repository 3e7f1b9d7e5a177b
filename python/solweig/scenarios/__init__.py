"""Edits of a place, what each changes on the ground, and where trees cool most.

``wishes`` is plain data with its checks, ``tables`` reads it from TOML; ``layers`` carries edits
out on rasters, ``changed`` runs what they reach, ``gains`` counts; ``pictures``, ``page`` and
``results`` write. ``optimise`` places trees.
"""
