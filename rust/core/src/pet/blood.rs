//! Blood flow between core and skin, and the core temperature that carries the body's heat out.

/// Set values of skin and core [°C].
pub(super) const SKIN_SET: f64 = 34.0;
pub(super) const CORE_SET: f64 = 36.6;
/// Least and greatest flow [l/m²/h].
const RESTING: f64 = 6.3;
const GREATEST: f64 = 90.0;

/// Constants of the exchange between core and skin, per body surface.
#[derive(Clone, Copy, Debug)]
pub(super) struct Blood {
    /// Conductance of the tissue [W/m²/K].
    pub(super) tissue: f64,
    /// Heat carried per flow [W/m²/K per l/m²/h].
    pub(super) heat: f64,
    /// Flow per kelvin of the core above its set value [l/m²/h/K].
    pub(super) gain: f64,
    /// Core temperature times `gain` at which the flow would be nil.
    pub(super) offset: f64,
}

impl Blood {
    /// Narrowing of the vessels under a cool skin: 1 where it is not.
    #[inline(always)]
    fn narrowing(ts: f64) -> f64 {
        1.0 + 0.5 * (SKIN_SET - ts).max(0.0)
    }

    /// Core temperature [°C] from which the heat `load` [W/m²] flows to a skin at `ts` [°C].
    ///
    /// The flow is the larger of the resting and the dilated one, both narrowed by a cool skin, and
    /// no more than the greatest. More flow means a cooler core, so that each limit of the flow is
    /// one of the core temperature.
    #[inline(always)]
    pub(super) fn core(&self, ts: f64, load: f64) -> f64 {
        let narrowing = Self::narrowing(ts);
        let carried_by = |flow: f64| ts + load / (self.tissue + self.heat * flow);
        let slope = self.heat * self.gain / narrowing;
        let at_skin = self.tissue + self.heat * (self.gain * ts - self.offset) / narrowing;
        // slope x² + at_skin x = load, x being core less skin.
        let root = (at_skin * at_skin + 4.0 * slope * load).sqrt();
        let dilated = ts
            + if at_skin > 0.0 {
                2.0 * load / (at_skin + root)
            } else {
                (root - at_skin) / (2.0 * slope)
            };
        carried_by(RESTING / narrowing)
            .min(dilated)
            .max(carried_by(GREATEST))
    }

    /// Flow [l/m²/h] at a skin and core temperature [°C].
    #[inline(always)]
    pub(super) fn flow(&self, ts: f64, core: f64) -> f64 {
        ((self.gain * core - self.offset).max(RESTING) / Self::narrowing(ts)).min(GREATEST)
    }

    /// Skin temperature [°C] up to which the vessels go on widening under the heat `load` [W/m²]:
    /// there the flow is the greatest or the skin no longer cool.
    #[inline(always)]
    fn widest(&self, load: f64) -> f64 {
        let across = load / (self.tissue + self.heat * GREATEST);
        let narrow = GREATEST * (1.0 + 0.5 * SKIN_SET);
        let greatest = (narrow + self.offset - self.gain * across) / (self.gain + 0.5 * GREATEST);
        greatest.min(SKIN_SET)
    }
}

/// What sweating answers to [K], kept from falling while the skin warms.
///
/// In very heavy work the vessels of a cool skin widen so fast that the core cools more than the
/// skin warms. Sweat that faded with it would give one environment several states of the body and
/// let PET fall as the surroundings get hotter; it stays at what it was.
#[derive(Clone, Copy, Debug)]
pub(super) struct Drive {
    /// Skin temperature [°C] of the hump and its height [K], if there is one.
    hump: Option<(f64, f64)>,
}

/// Width of the search for the hump [K], and how close its top is found.
const HUMP_REACH: f64 = 20.0;
const HUMP_STEPS: usize = 80;

impl Drive {
    /// Of a signal that nowhere falls.
    pub(super) const RISING: Self = Self { hump: None };

    /// Whether a `signal` of the skin temperature under the heat `load` [W/m²] nowhere falls.
    #[inline(always)]
    pub(super) fn rises(blood: &Blood, load: f64, signal: impl Fn(f64) -> f64) -> bool {
        let end = blood.widest(load);
        signal(end) >= signal(end - 1e-3)
    }

    /// For a `signal` of the skin temperature under the heat `load` [W/m²].
    pub(super) fn new(blood: &Blood, load: f64, signal: impl Fn(f64) -> f64) -> Self {
        if Self::rises(blood, load, &signal) {
            return Self::RISING;
        }
        let end = blood.widest(load);
        // Golden section: the signal rises to the hump and falls behind it.
        let (mut low, mut high) = (end - HUMP_REACH, end);
        let section = 0.5 * (5.0_f64.sqrt() - 1.0);
        for _ in 0..HUMP_STEPS {
            let width = section * (high - low);
            if signal(high - width) < signal(low + width) {
                low = high - width;
            } else {
                high = low + width;
            }
        }
        let top = 0.5 * (low + high);
        Self {
            hump: Some((top, signal(top))),
        }
    }

    /// The drive where the signal at skin temperature `ts` is `signal`.
    #[inline(always)]
    pub(super) fn at(&self, ts: f64, signal: f64) -> f64 {
        match self.hump {
            Some((top, height)) if ts > top => signal.max(height),
            _ => signal,
        }
        .max(0.0)
    }
}
