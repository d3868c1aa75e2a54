//! Deterministic numbers: everything random about the shop is a hash of the seed and of names.
//! Never keeps state, so the same question has the same answer. Tested through its users.

/// Mixes the bits of `x` (the finaliser of splitmix64).
pub fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// Returns the 64-bit FNV-1a hash of a text.
pub fn text(s: &str) -> u64 {
    s.bytes().fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3))
}

/// Returns one number for a list of numbers.
pub fn of(parts: &[u64]) -> u64 {
    parts.iter().fold(0x51_7c_c1_b7_27_22_0a_95, |h, p| mix(h ^ *p))
}

/// Maps a hash to `0.0 ≤ x < 1.0`.
pub fn unit(h: u64) -> f64 {
    (h >> 11) as f64 / (1u64 << 53) as f64
}

/// Draws from a log-normal distribution with that median and spread.
pub fn log_normal(h: u64, median: f64, sigma: f64) -> f64 {
    let u1 = unit(h).max(1e-12);
    let u2 = unit(mix(h));
    let z = (-2.0 * u1.ln()).sqrt() * (std::f64::consts::TAU * u2).cos();
    median * (sigma * z).exp()
}
