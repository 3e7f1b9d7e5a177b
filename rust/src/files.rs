//! Windows of raster files: stretches of bytes at equal distances, read and written without the GIL.
//!
//! A window of a wide raster is many short stretches. A loop over them in Python would hold the
//! interpreter from everything that runs beside it.

use crate::door::enter;
use numpy::{PyArray1, PyArrayMethods, PyReadonlyArray1};
use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;
use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// Stretches a disk is told to come.
#[cfg(target_os = "linux")]
const AHEAD: usize = 128;

/// Where the stretches of a window lie: the first byte, and from one to the next.
#[derive(Clone, Copy)]
struct Stretches {
    first: u64,
    stride: u64,
    length: usize,
}

impl Stretches {
    fn new(first: u64, stride: u64, length: usize, bytes: usize) -> PyResult<Self> {
        if length == 0 || !bytes.is_multiple_of(length) {
            return Err(PyValueError::new_err(format!(
                "length: expected a divisor of {bytes} bytes, got {length}"
            )));
        }
        Ok(Self {
            first,
            stride,
            length,
        })
    }

    fn begin(self, i: usize) -> u64 {
        self.first + i as u64 * self.stride
    }
}

/// Fill ``out`` with stretches of ``length`` bytes of a file, the first at byte ``first``, one
/// every ``stride`` bytes.
#[pyfunction]
pub fn read_stretches(
    py: Python<'_>,
    path: PathBuf,
    first: u64,
    stride: u64,
    length: usize,
    out: &Bound<'_, PyArray1<u8>>,
) -> PyResult<()> {
    let mut out = out.readwrite();
    let out = out.as_slice_mut()?;
    let stretches = Stretches::new(first, stride, length, out.len())?;
    enter(py, || read(&path, stretches, out))?.map_err(|error| told(py, &path, &error))
}

/// Write ``content`` as stretches of ``length`` bytes of a file that is there, as
/// [`read_stretches`] reads them.
#[pyfunction]
pub fn write_stretches(
    py: Python<'_>,
    path: PathBuf,
    first: u64,
    stride: u64,
    length: usize,
    content: PyReadonlyArray1<'_, u8>,
) -> PyResult<()> {
    let content = content.as_slice()?;
    let stretches = Stretches::new(first, stride, length, content.len())?;
    enter(py, || write(&path, stretches, content))?.map_err(|error| told(py, &path, &error))
}

fn read(path: &Path, stretches: Stretches, out: &mut [u8]) -> io::Result<()> {
    let file = File::open(path)?;
    let parts = out.chunks_exact_mut(stretches.length);
    let mut notice = Notice::new(&file, stretches, parts.len());
    for (i, part) in parts.enumerate() {
        notice.give(i);
        let begin = stretches.begin(i);
        let got = fill(&file, part, begin)?;
        if got < part.len() {
            let end = begin + got as u64;
            return Err(io::Error::other(format!(
                "a raster file ends at byte {end}, before its last row"
            )));
        }
    }
    Ok(())
}

fn write(path: &Path, stretches: Stretches, content: &[u8]) -> io::Result<()> {
    let file = OpenOptions::new().write(true).open(path)?;
    for (i, part) in content.chunks_exact(stretches.length).enumerate() {
        put(&file, part, stretches.begin(i))?;
    }
    Ok(())
}

/// Read until ``part`` is full or the file ends; returns how much was read.
fn fill(file: &File, part: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut done = 0;
    while done < part.len() {
        match read_at(file, &mut part[done..], offset + done as u64) {
            Ok(0) => break,
            Ok(got) => done += got,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

fn put(file: &File, part: &[u8], offset: u64) -> io::Result<()> {
    let mut done = 0;
    while done < part.len() {
        match write_at(file, &part[done..], offset + done as u64) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(moved) => done += moved,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(unix)]
fn read_at(file: &File, part: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, part, offset)
}

#[cfg(unix)]
fn write_at(file: &File, part: &[u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::write_at(file, part, offset)
}

#[cfg(windows)]
fn read_at(file: &File, part: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, part, offset)
}

#[cfg(windows)]
fn write_at(file: &File, part: &[u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_write(file, part, offset)
}

/// Tells the system which stretches come next: a disk that knows gives several times as much.
#[cfg(target_os = "linux")]
struct Notice<'a> {
    file: &'a File,
    stretches: Stretches,
    count: usize,
    told: usize,
}

#[cfg(target_os = "linux")]
impl<'a> Notice<'a> {
    fn new(file: &'a File, stretches: Stretches, count: usize) -> Self {
        if count > 1 {
            // What lies between the stretches is not wanted. Advice: nothing hangs on it.
            let _ = rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::Random);
        }
        Self {
            file,
            stretches,
            count,
            told: 0,
        }
    }

    fn give(&mut self, i: usize) {
        let length = std::num::NonZeroU64::new(self.stretches.length as u64);
        while self.told < (i + AHEAD).min(self.count) {
            let begin = self.stretches.begin(self.told);
            let _ = rustix::fs::fadvise(self.file, begin, length, rustix::fs::Advice::WillNeed);
            self.told += 1;
        }
    }
}

#[cfg(not(target_os = "linux"))]
struct Notice;

#[cfg(not(target_os = "linux"))]
impl Notice {
    fn new(_: &File, _: Stretches, _: usize) -> Self {
        Self
    }

    fn give(&mut self, _: usize) {}
}

/// As Python tells it: `OSError`, or the class of its own that an error number has.
fn told(py: Python<'_>, path: &Path, error: &io::Error) -> PyErr {
    let Some(code) = error.raw_os_error() else {
        return PyOSError::new_err(format!("{}: {error}", path.display()));
    };
    let message = py
        .import("os")
        .and_then(|os| os.call_method1("strerror", (code,)))
        .and_then(|text| text.extract::<String>())
        .unwrap_or_else(|_| error.to_string());
    PyOSError::new_err((code, message, path.to_path_buf()))
}
