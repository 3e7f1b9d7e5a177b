"""Weather of one time step, and where it can come from."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from solweig.weather.location import Location
from solweig.weather.series import derive
from solweig.weather.values import Fill, WeatherValues

if TYPE_CHECKING:
    import pandas as pd

    from solweig.weather.readers.frames import Rows

__all__ = ["Weather"]


class Weather(WeatherValues):
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

    longwave_down
        Measured longwave of the whole sky on the horizontal, 40-700 W m-2, used with
        ``longwave="measured"`` of a run; ``None`` or NaN where there is none.

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

    @classmethod
    def from_epw(
        cls,
        path: str | os.PathLike[str],
        start: Any = None,
        end: Any = None,
        hours: Iterable[int] | None = None,
        year: int | None = None,
        *,
        timestep_minutes: float | None = None,
        stamp: str | None = None,
        fill: Fill = None,
    ) -> list[Weather]:
        """Steps of an EPW file, hourly or finer, in the file's local standard time.

        Hour k of the file is the mean from k-1 to k o'clock; its stamp is k:00 (24 is 0:00 of the
        next day) and the sun stands where it is at half past. Files with hours 0 to 23 mean the
        same hours. Measured direct and diffuse radiation are used; the horizontal infrared is kept
        as ``longwave_down``. Files of PVGIS are in UTC.

        Parameters
        ----------
        path
            The file.
        start, end
            First and last stamp: ISO 8601 text or ``datetime``. An ``end`` without a time of day is
            that whole day. A month (``"2023-08"``) or a year (``"2023"``) is meant as a whole, and
            as ``start`` alone is the whole period. ``"07-01"`` is 1 July of the file's year.
        hours
            Keep only stamps at these hours, 0-23.
        year
            Give all rows this year; 29 February is left out where it has none. ``start`` and
            ``end`` may name it or a year of the file. A file composed of months from several years
            takes the year of ``start`` when ``year`` is left out.
        timestep_minutes
            Length of the steps [min]; left out, the file's, as told by its rows an hour.
        stamp
            What the file's hours mark where it is not the end: ``"start"`` or ``"centre"``.
        fill
            What to do about missing values: ``None`` raises, ``"interpolate"`` interpolates in
            time, a mapping such as ``{"ws": 1.0}`` puts one value per field.

        Returns
        -------
        list[Weather]
            One a row, in order of time.

        Raises
        ------
        FileNotFoundError
            No such file.
        WeatherDataError
            Not an EPW file, missing values, nothing in the period.
        ConfigurationError
            An unknown ``fill``, or hours out of range.
        """
        from solweig.weather.readers.epw import read_epw_weather  # pandas takes its time

        return cls._of(
            read_epw_weather(
                path, start=start, end=end, hours=hours, year=year, minutes=timestep_minutes,
                stamp=stamp, fill=fill,
            )
        )  # fmt: skip

    @classmethod
    def from_umep_met(
        cls,
        paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
        resample_hourly: bool = True,
        start: Any = None,
        end: Any = None,
        *,
        timestep_minutes: float | None = None,
        stamp: str | None = None,
        fill: Fill = None,
    ) -> list[Weather]:
        """Steps of one or more files in UMEP's 24-column text format (-999 is missing).

        Stamps mark the end of a step unless ``stamp`` says otherwise. Air temperature, humidity and
        global radiation must be there; missing wind or pressure stays missing, which is logged.
        Column ``ldown`` is kept as ``longwave_down``. The header line may be left out.

        Parameters
        ----------
        paths
            One file or several, in order of time.
        resample_hourly
            Average rows closer than an hour to full hours, unless ``timestep_minutes`` says that
            they are shorter.
        start, end
            First and last stamp, without a time zone; as in :meth:`from_epw`.
        timestep_minutes
            Length of the steps [min]; left out, the spacing of the rows, or 60 where they are
            farther apart.
        stamp
            What the stamps mark: ``"end"``, ``"centre"`` or ``"start"``; ``None`` leaves it to the
            run.
        fill
            As in :meth:`from_epw`.

        Returns
        -------
        list[Weather]
            One a row, or an hour, in order of time.

        Raises
        ------
        FileNotFoundError
            No such file.
        WeatherDataError
            Another format, missing values, times out of order, nothing in the period.
        ConfigurationError
            An unknown ``fill``, or a ``start`` or ``end`` with a time zone.
        """
        from solweig.weather.readers.umep import read_umep_met  # pandas takes its time

        return cls._of(
            read_umep_met(
                paths, resample_hourly=resample_hourly, start=start, end=end,
                minutes=timestep_minutes, stamp=stamp, fill=fill,
            )
        )  # fmt: skip

    @classmethod
    def from_dataframe(
        cls,
        frame: pd.DataFrame,
        *,
        columns: Mapping[str, str] | None = None,
        timestep_minutes: float | None = None,
        stamp: str | None = None,
        fill: Fill = None,
    ) -> list[Weather]:
        """Steps from a table.

        A frame of ``pvlib.iotools.read_epw`` gives what :meth:`from_epw` gives of its file.

        Parameters
        ----------
        frame
            Index of time stamps, with a time zone or in local standard time, or a column
            ``datetime``. Columns ``ta`` [deg C], ``rh`` [%], ``global_rad`` [W m-2] and, where
            known, ``ws`` [m/s], ``pressure`` [hPa], ``direct_rad`` (beam normal) and
            ``diffuse_rad`` [W m-2], of which two and the global one may be missing, and
            ``longwave_down`` of the sky [W m-2]. pvlib's
            ``temp_air``, ``relative_humidity``, ``ghi``, ``wind_speed``, ``dni``, ``dhi``,
            ``atmospheric_pressure`` [Pa] are understood too. Without a column of wind there is no
            UTCI and no PET unless ``fill`` gives one, without one of pressure it is 1013.25 hPa;
            both are logged. Stamps in words are ISO 8601.
        columns
            Other names, ours to the table's: ``{"ta": "T2m"}``.
        timestep_minutes
            Length of the steps [min]; left out, the spacing of the rows, or 60 where they are
            farther apart.
        stamp
            As in :meth:`from_umep_met`.
        fill
            As in :meth:`from_epw`.

        Returns
        -------
        list[Weather]
            One a row.

        Raises
        ------
        WeatherDataError
            A column or value is missing or out of range, times out of order.
        ConfigurationError
            An unknown ``fill``, or ``columns`` that name no quantity.
        """
        from solweig.weather.readers.table import read_dataframe  # pandas takes its time

        return cls._of(
            read_dataframe(frame, columns=columns, minutes=timestep_minutes, stamp=stamp, fill=fill)
        )

    @classmethod
    def _of(cls, rows: Rows) -> list[Weather]:
        """One step per row."""

        def given(value: float) -> float | None:
            return None if math.isnan(value) else value

        values = {name: rows.frame[name].to_list() for name in rows.frame.columns}
        steps = [
            cls(
                datetime=stamp.to_pydatetime(),
                ta=values["ta"][i],
                rh=values["rh"][i],
                global_rad=values["global_rad"][i],
                ws=values["ws"][i],
                pressure=values["pressure"][i],
                timestep_minutes=float(rows.minutes[i]),
                measured_direct_rad=given(values["direct_rad"][i]),
                measured_diffuse_rad=given(values["diffuse_rad"][i]),
                stamp=rows.stamp,
                longwave_down=given(values["longwave_down"][i]),
            )
            for i, stamp in enumerate(rows.frame.index)
        ]
        for step in steps:
            # Not the class's, though the type checker takes them for that.
            vars(step).update(origin=rows.origin, length_known=rows.length_known)
        return steps
