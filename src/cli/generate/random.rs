//! Numbers that look random and are the same for the same seed: SplitMix64
//! (Steele, Lea and Flood, 2014), on every machine and in every version.

pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `end`, all alike.
    pub fn below(&mut self, end: u64) -> u64 {
        if end == 0 { 0 } else { self.next() % end }
    }

    /// Below `end`, the smaller the more often: of three the least.
    pub fn skewed(&mut self, end: u64) -> u64 {
        let [a, b, c] = [self.below(end), self.below(end), self.below(end)];
        a.min(b).min(c)
    }

    pub fn one<'a>(&mut self, words: &[&'a str]) -> &'a str {
        let place = self.below(words.len() as u64);
        words
            .get(usize::try_from(place).unwrap_or(0))
            .copied()
            .unwrap_or_default()
    }
}
