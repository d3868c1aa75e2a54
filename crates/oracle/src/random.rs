//! Random numbers that are the same for the same seed, everywhere and in any order of asking.
//!
//! Owns the generator. Every case has its own, made of the seed and the case's number, so that a case can be made again alone
//! and no number of threads changes what is asked.

/// A generator by the name of SplitMix64.
#[derive(Debug)]
pub struct Random {
    state: u64,
}

impl Random {
    /// Returns the generator of one case.
    pub fn of_case(seed: u64, case: u64) -> Self {
        let mut start = Self { state: seed ^ 0x5851_f42d_4c95_7f2d };
        let stream = start.bits();
        Self { state: stream ^ case.wrapping_mul(0xd134_2543_de82_ef95) }
    }

    /// Returns 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number below `limit`; 0 when there is none.
    pub fn below(&mut self, limit: usize) -> usize {
        (self.bits() % limit.max(1) as u64) as usize
    }

    /// Returns true once in so many times.
    pub fn one_in(&mut self, chances: usize) -> bool {
        self.below(chances) == 0
    }

    /// Returns one of several; there is at least one.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    /// Returns one of several texts.
    pub fn text(&mut self, from: &[&'static str]) -> &'static str {
        from[self.below(from.len())]
    }

    /// Puts items into any order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            items.swap(at, self.below(at + 1));
        }
    }
}
