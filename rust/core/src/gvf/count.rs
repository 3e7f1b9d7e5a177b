//! What sums along a direction are kept in: 32 bits, or 16 where they fit (G 7.9).

/// A whole number, counted from the least that any cell sends.
pub(super) trait Count: Copy + Default + Send + Sync + 'static {
    /// Counted from the least, not from nothing.
    const SHIFTED: bool;

    /// A number of at least `least`.
    fn keep(whole: i32, least: i32) -> Self;
    /// As it is kept.
    fn kept(self) -> i32;
    /// What [`Self::keep`] was given.
    fn whole(self, least: i32) -> i32;
    /// Itself where all bits of the mask are set, nothing where none is.
    fn masked(self, mask: i16) -> Self;
    /// The sum, which fits by the choice of the type.
    fn plus(self, other: Self) -> Self;
    /// The sum with one number `times`.
    fn plus_times(self, other: Self, times: u8) -> Self;
}

impl Count for i32 {
    const SHIFTED: bool = false;

    #[inline(always)]
    fn keep(whole: i32, _: i32) -> Self {
        whole
    }

    #[inline(always)]
    fn kept(self) -> i32 {
        self
    }

    #[inline(always)]
    fn whole(self, _: i32) -> i32 {
        self
    }

    #[inline(always)]
    fn masked(self, mask: i16) -> Self {
        self & Self::from(mask)
    }

    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        self.wrapping_add(other)
    }

    #[inline(always)]
    fn plus_times(self, other: Self, times: u8) -> Self {
        self.wrapping_add(other * Self::from(times))
    }
}

impl Count for u16 {
    const SHIFTED: bool = true;

    #[inline(always)]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "`Counted::is_narrow` holds"
    )]
    fn keep(whole: i32, least: i32) -> Self {
        debug_assert!((0..=i32::from(Self::MAX)).contains(&(whole - least)));
        (whole - least) as Self
    }

    #[inline(always)]
    fn kept(self) -> i32 {
        i32::from(self)
    }

    #[inline(always)]
    fn whole(self, least: i32) -> i32 {
        i32::from(self) + least
    }

    #[inline(always)]
    #[expect(clippy::cast_sign_loss, reason = "bits")]
    fn masked(self, mask: i16) -> Self {
        self & mask as Self
    }

    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        self.wrapping_add(other)
    }

    #[inline(always)]
    fn plus_times(self, other: Self, times: u8) -> Self {
        self.wrapping_add(other.wrapping_mul(Self::from(times)))
    }
}
