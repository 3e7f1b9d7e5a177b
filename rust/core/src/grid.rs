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

/// Rows and columns of a raster that are wanted, half-open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// First row.
    pub row: usize,
    /// First column.
    pub col: usize,
    /// Number of rows.
    pub rows: usize,
    /// Number of columns.
    pub cols: usize,
}

impl Window {
    /// The whole raster.
    #[must_use]
    pub fn whole(grid: Grid) -> Self {
        Self {
            row: 0,
            col: 0,
            rows: grid.rows,
            cols: grid.cols,
        }
    }

    /// Number of cells.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows * self.cols
    }

    /// True if the window has no cell.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether a cell of the raster lies in the window.
    #[must_use]
    pub fn holds(&self, row: usize, col: usize) -> bool {
        (self.row..self.row + self.rows).contains(&row)
            && (self.col..self.col + self.cols).contains(&col)
    }

    /// Row and column in the raster of cell `index` of the window.
    #[must_use]
    pub fn cell(&self, index: usize) -> (usize, usize) {
        (self.row + index / self.cols, self.col + index % self.cols)
    }

    /// Cut a field of the raster, which has `cols` columns.
    #[must_use]
    pub fn cut<T: Copy>(&self, field: &[T], cols: usize) -> Vec<T> {
        let mut out = Vec::with_capacity(self.len());
        for row in self.row..self.row + self.rows {
            out.extend_from_slice(&field[row * cols + self.col..][..self.cols]);
        }
        out
    }
}
/// Rasters of zeros, each of memory that nobody has read: a copy reads the one it is made of, whose
/// pages the system then gives twice, while every thread waits.
#[must_use]
pub fn zeros<T: Copy + Default>(len: usize, number: usize) -> Vec<Vec<T>> {
    (0..number).map(|_| vec![T::default(); len]).collect()
}
