"""Weather of one time step."""

from __future__ import annotations

from typing import Any

from solweig.weather.from_files import FromFiles
from solweig.weather.location import Location
from solweig.weather.series import derive

__all__ = ["Weather"]


class Weather(FromFiles):
    """Weather of one time step.

    Parameters
    ----------
    datetime
        Time stamp, the end of the step unless a run says otherwise. Without a time zone it is local
        standard time at the location's ``utc_offset``.
    ta
        Air temperature, -70 to 60 deg C.
    rh
        Relative humidity, 0-100 %; up to 105 % is taken as 100 %, which is logged.
    global_rad
        Global horizontal irradiance, 0-1500 W m-2; NaN or ``None`` where direct and diffuse are
        there, from which it follows.
    ws
        Wind speed at the sensor's height, 0-60 m/s. NaN means not measured: Tmrt is not affected,
        UTCI and PET have no value.
    pressure
        Air pressure, 400-1100 hPa. NaN means not measured: the model takes 1013 hPa.
    timestep_minutes
        Length of the step, 0.01-1440 min. The sun stands where it is half a step before the stamp.
    measured_direct_rad
        Direct irradiance normal to the beam, 0-1500 W m-2.
    measured_diffuse_rad
        Diffuse horizontal irradiance, 0-1500 W m-2. Of global, direct and diffuse the one that is
        missing follows from the two others; a global alone is split (R 3.4).
    precomputed_sun_altitude, precomputed_sun_azimuth, precomputed_altmax
        Use these angles instead of computing them: of the sun, -90 to 90 and -180 to 360 deg
        (clockwise from north), and its highest altitude of the day, 0-90 deg.
    stamp
        What ``datetime`` marks: the ``"end"``, ``"centre"`` or ``"start"`` of the step; ``None``
        leaves it to the run.
    measured_longwave_down
        Longwave of the whole sky on an open horizontal, 40-700 W m-2, used with
        ``longwave="measured"`` of a run; ``None`` or NaN where there is none.
    wind_direction
        Where the wind comes from, 0-360 degrees clockwise from north; ``None`` or NaN where it is
        not known. Only wind coefficients read it.

    Attributes
    ----------
    sun_altitude, sun_azimuth, sun_zenith, altmax
        Position of the sun and its highest altitude of the day [deg]; these and the following are
        set by :meth:`compute_derived` and NaN before.
    direct_rad, diffuse_rad
        Irradiance normal to the beam and diffuse on the horizontal [W m-2].
    clearness_index
        At most 1 = clear; 1 at night.

    Raises
    ------
    WeatherDataError
        A value that is missing or out of range.

    References
    ----------
    - Reda & Andreas (2004), Sol. Energy 76, https://doi.org/10.1016/j.solener.2003.12.003 (sun
      position)
    - Reindl et al. (1990), Sol. Energy 45, https://doi.org/10.1016/0038-092X(90)90060-P (split)
    - Crawford & Duchon (1999), J. Appl. Meteorol. 38 (clearness)

    Examples
    --------
    >>> from datetime import datetime
    >>> hour = solweig.Weather(datetime(2025, 7, 1, 13), ta=28, rh=40, global_rad=850, ws=2)
    >>> hour.compute_derived(solweig.Location(57.7, 12.0, utc_offset=1))
    >>> round(hour.sun_altitude, 1), round(hour.direct_rad), round(hour.diffuse_rad)
    (55.3, 855, 148)
    """

    def compute_derived(self, location: Location) -> None:
        """Set sun position, split of radiation and clearness index (R 2 and R 3).

        Parameters
        ----------
        location
            Where the sun is computed.
        """
        derive([self], location)

    @classmethod
    def from_values(
        cls, ta: float, rh: float, global_rad: float, datetime: Any, ws: float = 1.0, **kw: Any
    ) -> Weather:
        """One step from plain numbers.

        Parameters
        ----------
        ta
            Air temperature [deg C].
        rh
            Relative humidity [%].
        global_rad
            Global horizontal irradiance [W m-2].
        datetime
            Time stamp.
        ws
            Wind speed [m/s].
        **kw
            The other fields of :class:`Weather`.

        Returns
        -------
        Weather
            Not yet with its sun.

        Raises
        ------
        WeatherDataError
            A value that is missing or out of range.
        """
        return cls(datetime=datetime, ta=ta, rh=rh, global_rad=global_rad, ws=ws, **kw)
