"""Where the weather of steps can come from: files of many kinds, tables."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

from solweig.weather.readers.wanted import Site, Wanted
from solweig.weather.values import Fill, WeatherValues

if TYPE_CHECKING:
    import pandas as pd

    from solweig.weather.location import Location
    from solweig.weather.readers.frames import Rows
    from solweig.weather.readers.sources import Files


class FromFiles(WeatherValues):
    """What of :class:`solweig.Weather` reads."""

    @classmethod
    def from_file(
        cls,
        paths: Files,
        location: Location | None = None,
        start: Any = None,
        end: Any = None,
        hours: Iterable[int] | None = None,
        *,
        year: int | None = None,
        timestep_minutes: float | None = None,
        stamp: str | None = None,
        method: str | None = None,
        product: str | None = None,
        layout: str | None = None,
        columns: Mapping[str, str] | None = None,
        units: Mapping[str, str] | None = None,
        time_format: str | None = None,
        altitude: float | None = None,
        utc_offset: float | None = None,
        fill: Fill = None,
    ) -> list[Self]:
        """Steps of any kind of file that is known, told by what is in it.

        EPW, UMEP text, ERA5 and ERA5-Land, WRF and tables of named columns, read as the methods
        for them read them; also

        - typical years and hourly series of PVGIS (CSV or JSON), whose values are of an instant:
          stamps are UTC and mark the middle of a step, moved by the time that the file names,
        - answers of Meteonorm's service (JSON), which name the intervals themselves,
        - TMY3, whose hours are named by their ends.

        Parameters
        ----------
        paths
            As in :meth:`from_era5`; several files are of one kind.
        location
            Where; needed for ERA5 and WRF. Stamps of sources in UTC are on its clock.
        start, end, hours
            As in :meth:`from_epw`.
        year
            Of EPW, TMY3 and typical years as in :meth:`from_epw`; of tables as in
            :meth:`from_csv`.
        timestep_minutes, stamp
            As in :meth:`from_umep_met`, of EPW, UMEP text and tables (the first of WRF too).
        method, product
            As in :meth:`from_era5`; the first of WRF too.
        layout, columns, units, time_format, altitude, utc_offset
            As in :meth:`from_csv`.
        fill
            As in :meth:`from_epw`.

        Returns
        -------
        list[Weather]
            One a row.

        Raises
        ------
        FileNotFoundError
            No such file.
        WeatherDataError
            Not a file of any of these kinds, or what the method for its kind raises.
        ConfigurationError
            An argument that files of this kind do not take, no ``location`` where one is needed;
            a package that is not installed.
        """
        from solweig.weather.readers.detect import Options, read_any  # pandas takes its time

        options = Options(
            year=year, minutes=timestep_minutes, stamp=stamp, method=method, product=product,
            layout=layout, columns=columns, units=units, time_format=time_format,
            altitude=altitude, utc_offset=utc_offset,
        )  # fmt: skip
        site = None if location is None else _site(location)
        return cls._of(read_any(paths, site, Wanted(start, end, hours, fill), options))

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
    ) -> list[Self]:
        """Steps of an EPW file, hourly or finer, in the file's local standard time.

        Hour k of the file is the mean from k-1 to k o'clock; its stamp is k:00 (24 is 0:00 of the
        next day) and the sun stands where it is at half past. Files with hours 0 to 23 mean the
        same hours. Measured direct and diffuse radiation are used. Files of PVGIS are in UTC.

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
    ) -> list[Self]:
        """Steps of one or more files in UMEP's 24-column text format (-999 is missing).

        Stamps mark the end of a step unless ``stamp`` says otherwise. Air temperature, humidity and
        global radiation must be there; missing wind or pressure stays missing, which is logged. The
        header line may be left out.

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
    def from_csv(
        cls,
        paths: Files,
        start: Any = None,
        end: Any = None,
        hours: Iterable[int] | None = None,
        *,
        layout: str | None = None,
        columns: Mapping[str, str] | None = None,
        units: Mapping[str, str] | None = None,
        time_format: str | None = None,
        missing: Sequence[float] = (-999, -9999, -99999),
        year: int | None = None,
        utc_offset: float | None = None,
        altitude: float | None = None,
        timestep_minutes: float | None = None,
        stamp: str | None = None,
        fill: Fill = None,
    ) -> list[Self]:
        """Steps of tables as text: of a station, a logger, a service.

        Columns are known by their names (as :meth:`from_dataframe` knows them, and those of
        Open-Meteo, Meteonorm and others), by ``columns``, or by the ``layout`` of a service. Units
        stand in the header (``T [K]``), in a row of their own below it, or in ``units``; without
        any, values are in the units of :class:`Weather`. Lines before the header are passed over.

        Parameters
        ----------
        paths
            As in :meth:`from_era5`. Files of other quantities are put side by side by their
            stamps, files of other times one after the other.
        start, end, hours
            As in :meth:`from_epw`, on the clock of the file.
        layout
            ``"meteostat"``, ``"dwd-10min"`` or ``"dwd-hourly"``.
        columns
            Other names, ours to the file's: ``{"ta": "T_air", "datetime": "When"}``. Besides the
            names of :meth:`from_dataframe` there are ``td`` (dew point), ``wind_east`` and
            ``wind_north``, ``wind_direction``, ``direct_horizontal_rad``, ``pressure_sea`` (of sea
            level), and for the time ``datetime``, or ``date`` and ``time``, or numbers: ``year``,
            ``month``, ``day`` or ``day_of_year``, ``hour`` (1 to 24 are ends of hours), ``minute``.
        units
            Of quantities, before what the file says: ``{"ta": "K", "global_rad": "kJ/m2"}``. Sums
            of energy are spread over the step.
        time_format
            Of stamps that are not ISO 8601, as ``strptime`` has it: ``"%d.%m.%Y %H:%M"``.
        missing
            Numbers that stand for a missing value.
        year
            Of rows that name none.
        utc_offset
            Hours the file's clock is ahead of UTC: the stamps then carry that time zone. ``None``:
            what the file or the layout says, else the clock of the run's location.
        altitude
            Of the place [m], to which a pressure of sea level is brought.
        timestep_minutes, stamp
            As in :meth:`from_umep_met`.
        fill
            As in :meth:`from_epw`.

        Returns
        -------
        list[Weather]
            One a row.

        Raises
        ------
        FileNotFoundError
            No such file.
        WeatherDataError
            No header that is understood, a column, unit or value that is missing or wrong, times
            that are not ISO 8601 or out of order, nothing in the period.
        ConfigurationError
            An unknown ``layout`` or ``fill``, or a mapping that names no quantity.
        """
        from solweig.weather.readers.station import read_csv  # pandas takes its time

        return cls._of(
            read_csv(
                paths, Wanted(start, end, hours, fill), layout=layout, columns=columns,
                units=units, time_format=time_format, missing=missing, year=year,
                utc_offset=utc_offset, altitude=altitude, minutes=timestep_minutes, stamp=stamp,
            )
        )  # fmt: skip

    @classmethod
    def from_era5(
        cls,
        paths: Files,
        location: Location,
        start: Any = None,
        end: Any = None,
        hours: Iterable[int] | None = None,
        *,
        product: str | None = None,
        method: str = "nearest",
        fill: Fill = None,
    ) -> list[Self]:
        """Steps of ERA5 or ERA5-Land at a place, from NetCDF or GRIB files, old or new.

        A step stands for the hour (or the hours between two values) that ends at its stamp.
        Radiation is the mean over it: ``ssrd``, ``fdir`` and ``strd`` are sums of that hour in
        ERA5, and sums since 00 UTC in ERA5-Land, which are told apart by their values. Air
        temperature, dew point, wind (at 10 m) and pressure, which are instants, are means of both
        ends. The direct radiation follows from ``fdir``, which is on the horizontal; without it,
        as in ERA5-Land, the global is split. Stamps carry the time zone of ``location``.

        Parameters
        ----------
        paths
            One file or several, such as a file of instants and one of sums, or months in order; a
            pattern, a URL that fsspec understands, or the ZIP archive of the Climate Data Store.
            Needed are ``t2m``, ``d2m`` and ``ssrd``; ``u10``, ``v10``, ``sp``, ``fdir`` and
            ``strd`` are used.
        location
            Where; also the clock that ``start``, ``end`` and ``hours`` are on.
        start, end, hours
            As in :meth:`from_epw`.
        product
            ``"era5"`` or ``"era5-land"``, where the values leave it open.
        method
            ``"nearest"`` cell that has values, or ``"linear"`` between the four around the place.
        fill
            As in :meth:`from_epw`.

        Returns
        -------
        list[Weather]
            One a row, in order of time.

        Raises
        ------
        FileNotFoundError
            No such file.
        WeatherDataError
            Another kind of file, variables that are missing, a place outside the grid, sums that
            are not what ``product`` says, nothing in the period.
        ConfigurationError
            An unknown ``product``, ``method`` or ``fill``; a package that is not installed.

        References
        ----------
        - Hersbach et al. (2020), Q. J. R. Meteorol. Soc. 146, https://doi.org/10.1002/qj.3803
        - Muñoz-Sabater et al. (2021), Earth Syst. Sci. Data 13,
          https://doi.org/10.5194/essd-13-4349-2021
        """
        from solweig.weather.readers.era5 import read_era5  # xarray takes its time

        wanted = Wanted(start, end, hours, fill)
        return cls._of(read_era5(paths, _site(location), wanted, product=product, method=method))

    @classmethod
    def from_wrf(
        cls,
        paths: Files,
        location: Location,
        start: Any = None,
        end: Any = None,
        hours: Iterable[int] | None = None,
        *,
        method: str = "nearest",
        timestep_minutes: float | None = None,
        fill: Fill = None,
    ) -> list[Self]:
        """Steps of WRF output (``wrfout`` files) at a place.

        WRF writes values of an instant and not means of an interval: a step stands for the time
        around its stamp, and the sun stands where it is at the stamp. ``Q2`` is a mixing ratio;
        ``U10`` and ``V10`` follow the grid and are turned to east and north. The diffuse radiation
        is ``SWDDIF``, or what ``SWDDIR`` leaves of ``SWDOWN``; without both, the global is split.
        ``GLW`` is the longwave from the sky. Stamps carry the time zone of ``location``.

        Parameters
        ----------
        paths
            As in :meth:`from_era5`; files follow each other in time. Needed are ``XLAT``,
            ``XLONG``, ``T2``, ``Q2``, ``PSFC`` and ``SWDOWN``.
        location, start, end, hours
            As in :meth:`from_era5`.
        method
            ``"nearest"`` cell, or ``"linear"`` between the four around the place.
        timestep_minutes
            Length of the steps [min]; left out, the spacing of the times, or 60 where they are
            farther apart.
        fill
            As in :meth:`from_epw`.

        Returns
        -------
        list[Weather]
            One a time, in order.

        Raises
        ------
        FileNotFoundError
            No such file.
        WeatherDataError
            Another kind of file, variables that are missing or in other units, a place outside the
            grid, a nest that moves, nothing in the period.
        ConfigurationError
            An unknown ``method`` or ``fill``; a package that is not installed.

        References
        ----------
        Skamarock et al. (2019), NCAR/TN-556+STR, https://doi.org/10.5065/1dfh-6p97
        """
        from solweig.weather.readers.wrf import read_wrf  # xarray takes its time

        wanted = Wanted(start, end, hours, fill)
        return cls._of(
            read_wrf(paths, _site(location), wanted, method=method, minutes=timestep_minutes)
        )

    @classmethod
    def from_dataframe(
        cls,
        frame: pd.DataFrame,
        *,
        columns: Mapping[str, str] | None = None,
        timestep_minutes: float | None = None,
        stamp: str | None = None,
        fill: Fill = None,
    ) -> list[Self]:
        """Steps from a table.

        A frame of ``pvlib.iotools.read_epw`` gives what :meth:`from_epw` gives of its file.

        Parameters
        ----------
        frame
            Index of time stamps, with a time zone or in local standard time, or a column
            ``datetime``. Columns ``ta`` [deg C], ``rh`` [%], ``global_rad`` [W m-2] and, where
            known, ``ws`` [m/s], ``pressure`` [hPa], ``direct_rad`` (beam normal) and
            ``diffuse_rad`` [W m-2]; of these two and the global one may be missing.
            ``longwave_down`` [W m-2] is carried. pvlib's
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
    def _of(cls, rows: Rows) -> list[Self]:
        """One step per row."""

        def given(value: float) -> float | None:
            return None if math.isnan(value) else value

        values = {name: rows.frame[name].to_list() for name in rows.frame.columns}
        nowhere = [math.nan] * len(rows.frame)
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
                measured_longwave_down=given(values["longwave_down"][i]),
                wind_direction=_direction(values.get("wind_direction", nowhere)[i]),
            )
            for i, stamp in enumerate(rows.frame.index)
        ]
        for step in steps:
            # Not the class's, though the type checker takes them for that.
            vars(step).update(origin=rows.origin, length_known=rows.length_known)
        return steps


def _direction(degrees: float) -> float | None:
    """A direction of the wind; None for a code of a missing one, or of a variable one."""
    return float(degrees) if 0.0 <= degrees <= 360.0 else None


def _site(location: Location) -> Site:
    return Site(location.latitude, location.longitude, location.altitude, location.utc_offset)
