//! Quantities of the Kubernetes API: processor time and memory, read and written.

/// Processor time, in thousandths of a core.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
pub struct Millicores(pub u64);

/// Memory, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
pub struct Bytes(pub u64);

impl Millicores {
    /// Reads `2`, `0.5`, `250m`, `12345678n`, `300u`; what is smaller than a thousandth counts as one. `None` for anything else.
    pub fn read(raw: &str) -> Option<Self> {
        Some(Self(thousandths(raw)?))
    }

    /// As people write it: `250m`, `1.5`, `16`.
    pub fn words(self) -> String {
        match self.0 {
            small @ 0..1_000 => format!("{small}m"),
            whole if whole.is_multiple_of(1_000) => (whole / 1_000).to_string(),
            other => format!("{}.{}", other / 1_000, other % 1_000 / 100),
        }
    }
}

impl Bytes {
    /// Reads `34567Ki`, `512Mi`, `1G`, `128974848`, `1500m`. `None` for anything else.
    pub fn read(raw: &str) -> Option<Self> {
        Some(Self(thousandths(raw)?.div_ceil(1_000)))
    }

    /// In whole mebibytes, rounded: what is compared stands in one unit.
    pub const fn mebibytes(self) -> u64 {
        (self.0 / 1_024 + 512) / 1_024
    }

    /// As people write it: `900Ki`, `512Mi`, `1.2Gi`.
    pub fn words(self) -> String {
        const UNITS: [&str; 5] = ["Ki", "Mi", "Gi", "Ti", "Pi"];
        let mut unit = 0;
        // Tenths of the unit.
        let mut value = self.0.saturating_mul(10) / 1_024;
        while value >= 10_240 && unit + 1 < UNITS.len() {
            value /= 1_024;
            unit += 1;
        }
        let name = UNITS.get(unit).copied().unwrap_or_default();
        if value >= 100 || value.is_multiple_of(10) {
            format!("{}{name}", value / 10)
        } else {
            format!("{}.{}{name}", value / 10, value % 10)
        }
    }
}

/// A quantity times 1,000, rounded up.
fn thousandths(raw: &str) -> Option<u64> {
    let raw = raw.trim();
    let end = raw.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(raw.len());
    let (number, unit) = raw.split_at(end);
    if !number.contains(|letter: char| letter.is_ascii_digit()) {
        return None;
    }
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    // Nine digits after the point are what the API keeps.
    let part: String = part.chars().chain("000000000".chars()).take(9).collect();
    let nanos: u128 = format!("{whole}{part}").parse().ok()?;
    let (times, over): (u128, u128) = match unit {
        "n" => (1, 1_000_000_000),
        "u" => (1, 1_000_000),
        "m" => (1, 1_000),
        "" => (1, 1),
        "k" => (1_000, 1),
        "M" => (1_000_000, 1),
        "G" => (1_000_000_000, 1),
        "T" => (1_000_000_000_000, 1),
        "P" => (1_000_000_000_000_000, 1),
        "E" => (1_000_000_000_000_000_000, 1),
        "Ki" => (1 << 10, 1),
        "Mi" => (1 << 20, 1),
        "Gi" => (1 << 30, 1),
        "Ti" => (1 << 40, 1),
        "Pi" => (1 << 50, 1),
        "Ei" => (1 << 60, 1),
        exponent => (10_u128.checked_pow(exponent.strip_prefix(['e', 'E'])?.parse().ok()?)?, 1),
    };
    let thousandths = nanos.checked_mul(times)?.div_ceil(over.checked_mul(1_000_000)?);
    u64::try_from(thousandths).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_ways_the_api_writes_processor_time() {
        for (raw, millis) in
            [("2", 2_000), ("250m", 250), ("0.5", 500), ("12345678n", 13), ("300u", 1), ("1k", 1_000_000)]
        {
            assert_eq!(Millicores::read(raw), Some(Millicores(millis)), "{raw}");
        }
        for raw in ["", "m", "two", "-1", "1.2.3", "1Xi"] {
            assert_eq!(Millicores::read(raw), None, "{raw}");
        }
    }

    #[test]
    fn the_ways_the_api_writes_memory() {
        for (raw, bytes) in [
            ("34567Ki", 34_567 * 1_024),
            ("1G", 1_000_000_000),
            ("128974848", 128_974_848),
            ("1e3", 1_000),
            ("1500m", 2),
        ] {
            assert_eq!(Bytes::read(raw), Some(Bytes(bytes)), "{raw}");
        }
    }

    #[test]
    fn quantities_read_as_people_write_them() {
        let cpu = [(0, "0m"), (250, "250m"), (1_500, "1.5"), (16_000, "16")];
        assert!(cpu.iter().all(|(millis, words)| Millicores(*millis).words() == *words));
        let memory =
            [(0, "0Ki"), (900 << 10, "900Ki"), (512 << 20, "512Mi"), (1_288_490_188, "1.1Gi"), (64 << 40, "64Ti")];
        for (bytes, words) in memory {
            assert_eq!(Bytes(bytes).words(), words);
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_odd(raw in ".{0,40}", number in any::<u64>()) {
            let _ = (Millicores::read(&raw), Bytes::read(&raw), Millicores(number).words(), Bytes(number).words());
            prop_assert_eq!(Bytes::read(&format!("{}", number / 1_000)), Some(Bytes(number / 1_000)));
        }
    }
}
