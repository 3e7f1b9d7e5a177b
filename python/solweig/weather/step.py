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
        Air temperature, -90 to 65 deg C.
    rh
        Relative humidity, 0-100 %.
    global_rad
        Global horizontal irradiance, 0-1500 W/m2.
    ws
        Wind speed at the sensor's height, 0-115 m/s. NaN means not measured: Tmrt is not affected,
        UTCI and PET have no value.
    pressure
        Air pressure, 400-1100 hPa. NaN means not measured: the model takes 1013 hPa.
    timestep_minutes
        Length of the step. The sun stands where it is half a step before the stamp.
    measured_direct_rad
        Direct irradiance normal to the beam [W/m2]; used together with ``measured_diffuse_rad``,
        else global radiation is split (Reindl et al. 1990).
    measured_diffuse_rad
        Diffuse horizontal irradiance [W/m2].
    precomputed_sun_altitude, precomputed_sun_azimuth, precomputed_altmax
        Use these angles [degrees] instead of computing them.

    :meth:`compute_derived` sets ``sun_altitude``, ``sun_azimuth``, ``sun_zenith``, ``altmax``
    [degrees], ``direct_rad``, ``diffuse_rad`` [W/m2] and ``clearness_index``, which are NaN
    before.

    Raises
    ------
    WeatherDataError
        A value that is missing or out of range.
    """

    def compute_derived(self, location: Location) -> None:
        """Set sun position, split of radiation and clearness index for ``location``."""
        derive([self], location)

    @classmethod
    def from_values(
        cls, ta: float, rh: float, global_rad: float, datetime: Any, ws: float = 1.0, **kw: Any
    ) -> Weather:
        """One step from plain numbers; ``kw`` are the other fields of :class:`Weather`."""
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
        fill: Fill = None,
    ) -> list[Weather]:
        """Hourly steps of an EPW file, in the file's local standard time.

        Hour k of the file is the mean from k-1 to k o'clock; its stamp is k:00 (24 is 0:00 of the
        next day) and the sun stands where it is at half past. Measured direct and diffuse
        radiation are used.

        Parameters
        ----------
        path
            The file.
        start, end
            First and last stamp, text or ``datetime``; an ``end`` without a time of day is that
            whole day.
        hours
            Keep only stamps at these hours, 0-23.
        year
            Give all rows this year. A file composed of months from several years takes the year of
            ``start`` when ``year`` is left out.
        fill
            What to do about missing values: ``None`` raises, ``"interpolate"`` interpolates in
            time, a mapping such as ``{"ws": 1.0}`` puts one value per field.

        Raises
        ------
        FileNotFoundError
            No such file.
        WeatherDataError
            Not an EPW file, missing values, nothing in the period.
        """
        from solweig.weather.readers.epw import read_epw_weather  # pandas takes its time

        return cls._of(
            read_epw_weather(path, start=start, end=end, hours=hours, year=year, fill=fill)
        )

    @classmethod
    def from_umep_met(
        cls,
        paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
        resample_hourly: bool = True,
        start: Any = None,
        end: Any = None,
        *,
        fill: Fill = None,
    ) -> list[Weather]:
        """Steps of one or more files in UMEP's 24-column text format (-999 is missing).

        Stamps mark the end of a step. Rows closer than an hour are averaged to full hours unless
        ``resample_hourly=False``. Air temperature, humidity and global radiation must be there;
        missing wind or pressure stays missing, which is logged. Arguments and errors otherwise as
        :meth:`from_epw`.
        """
        from solweig.weather.readers.umep import read_umep_met  # pandas takes its time

        return cls._of(
            read_umep_met(paths, resample_hourly=resample_hourly, start=start, end=end, fill=fill)
        )

    @classmethod
    def from_dataframe(
        cls,
        frame: pd.DataFrame,
        *,
        columns: Mapping[str, str] | None = None,
        timestep_minutes: float | None = None,
        fill: Fill = None,
    ) -> list[Weather]:
        """Steps from a table.

        Parameters
        ----------
        frame
            Index of time stamps, with a time zone or in local standard time, or a column
            ``datetime``. Columns ``ta`` [deg C], ``rh`` [%], ``global_rad`` [W/m2] and, where
            known, ``ws`` [m/s], ``pressure`` [hPa], ``direct_rad`` (beam normal) and
            ``diffuse_rad`` [W/m2]. pvlib's ``temp_air``, ``relative_humidity``, ``ghi``,
            ``wind_speed``, ``dni``, ``dhi`` are understood too.
        columns
            Other names, ours to the table's: ``{"ta": "T2m"}``.
        timestep_minutes
            Length of the steps; left out, the spacing of the rows.
        fill
            As in :meth:`from_epw`.

        Raises
        ------
        WeatherDataError
            A column or value is missing or out of range, times out of order.
        """
        from solweig.weather.readers.table import read_dataframe  # pandas takes its time

        return cls._of(read_dataframe(frame, columns=columns, minutes=timestep_minutes, fill=fill))

    @classmethod
    def _of(cls, rows: Rows) -> list[Weather]:
        """One step per row."""

        def given(value: float) -> float | None:
            return None if math.isnan(value) else value

        values = {name: rows.frame[name].to_list() for name in rows.frame.columns}
        return [
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
            )
            for i, stamp in enumerate(rows.frame.index)
        ]
