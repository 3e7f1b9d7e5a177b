//! The raster every stage works on.

/// Shape and pixel side of a raster. Row 0 is the northern edge, column 0 the western edge;
/// cell `(r, c)` is element `r * cols + c` of every field slice.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grid {
    /// Number of rows.
    pub rows: usize,
    /// Number of columns.
    pub cols: usize,
    /// Pixel side [m].
    pub pixel_size: f64,
}

impl Grid {
    /// Number of cells.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows * self.cols
    }

    /// True if the raster has no cell.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
