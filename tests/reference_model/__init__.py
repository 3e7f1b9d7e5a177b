"""A slow, literal numpy version of every stage of the model: the second oracle of the tests.

Each function states one rule of the model description (G = geometry, R = radiation) the way it is
written there, in double precision, with no thought of speed. Nothing here shares code with the
engine, so agreement between the two means that both read the rule alike.

Rasters are ``[row, col]``, row 0 north, column 0 west; heights in metres, angles in degrees at
interfaces (azimuth clockwise from north), radiation in W m-2, temperatures in deg C.
"""
