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

    /// Cut a field of `per_cell` values a cell out of whole rows of the raster that begin at row
    /// `first_row`.
    #[must_use]
    pub fn cut<T: Copy>(
        &self,
        field: &[T],
        per_cell: usize,
        first_row: usize,
        cols: usize,
    ) -> Vec<T> {
        let mut out = Vec::with_capacity(self.len() * per_cell);
        for row in self.row..self.row + self.rows {
            let start = ((row - first_row) * cols + self.col) * per_cell;
            out.extend_from_slice(&field[start..start + self.cols * per_cell]);
        }
        out
    }
}
