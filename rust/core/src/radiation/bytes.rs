//! Weighted sums over the set bits of a visibility mask, eight patches at a time.

/// For every byte of a mask, the sums of `W` weights over the patches whose bits are set.
#[derive(Clone, Debug, PartialEq)]
pub struct ByteTable<const W: usize> {
    /// Entry `256 · byte position + byte value`.
    entries: Vec<[f32; W]>,
    /// Sums of whole words.
    whole: Vec<[f32; W]>,
}

impl<const W: usize> ByteTable<W> {
    /// Tabulate `weight(patch)` for `patches` patches.
    #[must_use]
    pub fn new(patches: usize, weight: impl Fn(usize) -> [f64; W]) -> Self {
        let mut entries = Vec::with_capacity(patches.div_ceil(32) * 4 * 256);
        for position in 0..patches.div_ceil(32) * 4 {
            let mut sums = [[0.0_f64; W]; 256];
            for value in 1..256_usize {
                let patch = 8 * position + value.trailing_zeros() as usize;
                let own = if patch < patches {
                    weight(patch)
                } else {
                    [0.0; W]
                };
                let rest = sums[value & (value - 1)];
                sums[value] = std::array::from_fn(|w| rest[w] + own[w]);
            }
            entries.extend(sums.map(|s| s.map(|x| x as f32)));
        }
        let whole = (0..patches.div_ceil(32))
            .map(|index| {
                let last = |position: usize| entries[1024 * index + 256 * position + 255];
                std::array::from_fn(|w| (0..4).map(|p| last(p)[w]).sum())
            })
            .collect();
        Self { entries, whole }
    }

    /// Add the sums of one word of a mask (`index` 0 holds patches 0–31).
    #[inline(always)]
    pub fn add_word(&self, index: usize, word: u32, sums: &mut [f32; W]) {
        // High in the sky whole words are open nearly everywhere.
        if word == u32::MAX {
            for w in 0..W {
                sums[w] += self.whole[index][w];
            }
            return;
        }
        let rows = &self.entries[index * 1024..][..1024];
        for (position, value) in word.to_le_bytes().into_iter().enumerate() {
            let entry = &rows[256 * position + usize::from(value)];
            for w in 0..W {
                sums[w] += entry[w];
            }
        }
    }

    /// The same where most bytes are zero.
    #[inline(always)]
    pub fn add_sparse_word(&self, index: usize, word: u32, sums: &mut [f32; W]) {
        if word != 0 {
            self.add_word(index, word, sums);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_the_loop_over_patches() {
        let weight = |i: usize| [0.5 + i as f64, 1.0 / (1.0 + i as f64)];
        let table = ByteTable::new(153, weight);
        let words = [0xdead_beef_u32, 0x1234_5678, 0, 0xffff_ffff, 0x01ff_ffff];
        let mut got = [0.0_f32; 2];
        let mut want = [0.0_f64; 2];
        for (index, &word) in words.iter().enumerate() {
            table.add_sparse_word(index, word, &mut got);
            for bit in (0..32).filter(|b| word >> b & 1 == 1) {
                let w = weight(32 * index + bit);
                want = [want[0] + w[0], want[1] + w[1]];
            }
        }
        for k in 0..2 {
            assert!((f64::from(got[k]) / want[k] - 1.0).abs() < 1e-6);
        }
    }

    #[test]
    fn bits_beyond_the_last_patch_count_nothing() {
        let table = ByteTable::new(1, |_| [1.0]);
        let mut sums = [0.0];
        table.add_word(0, u32::MAX, &mut sums);
        assert_eq!(sums, [1.0]);
    }
}
