//! Walls in pieces by height.

use crate::walls::WallCell;

/// How walls are divided by height.
#[derive(Clone, Debug)]
pub struct Pieces {
    /// Height of a piece [m]; the uppermost of a wall may be lower.
    spacing: f32,
    /// First piece of every wall, and their number.
    first: Vec<usize>,
}

impl Pieces {
    /// Of some walls.
    #[must_use]
    pub fn new(walls: &[WallCell], spacing: f32) -> Self {
        let mut first = vec![0];
        for wall in walls {
            let own = Self::number(wall.height, spacing);
            first.push(first[first.len() - 1] + own);
        }
        Self { spacing, first }
    }

    fn number(height: f32, spacing: f32) -> usize {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "heights are positive and small"
        )]
        let number = (height / spacing).ceil() as usize;
        number.max(1)
    }

    /// Pieces of all walls.
    #[must_use]
    pub fn count(&self) -> usize {
        self.first[self.first.len() - 1]
    }

    /// First piece of a wall; of the number of walls, the number of pieces.
    #[must_use]
    pub fn first(&self, wall: usize) -> usize {
        self.first[wall]
    }

    /// Lower and upper end of the pieces of a wall [m above its foot].
    pub fn of(&self, wall: &WallCell) -> impl Iterator<Item = [f32; 2]> + use<> {
        let (spacing, height) = (self.spacing, wall.height);
        (0..Self::number(height, spacing)).map(move |j| {
            let low = j as f32 * spacing;
            [low, (low + spacing).min(height)]
        })
    }

    /// What is kept of every piece, wall by wall.
    pub fn split<'a, T>(&self, mut all: &'a mut [T]) -> Vec<&'a mut [T]> {
        let mut parts = Vec::with_capacity(self.first.len() - 1);
        for ends in self.first.windows(2) {
            let (own, rest) = all.split_at_mut(ends[1] - ends[0]);
            parts.push(own);
            all = rest;
        }
        parts
    }
}
