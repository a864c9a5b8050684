//! Spans of time, half open, and what several of them have in common.

use chrono::TimeDelta;

use crate::domain::time::Instant;

/// From an instant up to, and without, another.
pub type Span = (Instant, Instant);

/// Spans in order, none empty, none touching the next.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spans(Vec<Span>);

impl FromIterator<Span> for Spans {
    fn from_iter<I: IntoIterator<Item = Span>>(spans: I) -> Self {
        let mut sorted: Vec<Span> = spans.into_iter().filter(|(from, until)| from < until).collect();
        sorted.sort_unstable();
        let mut joined: Vec<Span> = Vec::with_capacity(sorted.len());
        for (from, until) in sorted {
            match joined.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(until),
                _ => joined.push((from, until)),
            }
        }
        Self(joined)
    }
}

impl Spans {
    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = Span> {
        self.0.iter().copied()
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What lies in both.
    #[must_use]
    pub fn common(&self, other: &Self) -> Self {
        let (mut mine, mut theirs) = (self.0.iter().peekable(), other.0.iter().peekable());
        let mut common = Vec::new();
        while let (Some(one), Some(two)) = (mine.peek(), theirs.peek()) {
            common.push((one.0.max(two.0), one.1.min(two.1)));
            if one.1 <= two.1 {
                mine.next();
            } else {
                theirs.next();
            }
        }
        common.into_iter().collect()
    }

    /// What lies in none of them, within a span.
    #[must_use]
    pub fn rest(&self, within: Span) -> Self {
        let begins = std::iter::once(within.0).chain(self.0.iter().map(|(_, until)| *until));
        let ends = self.0.iter().map(|(from, _)| *from).chain(std::iter::once(within.1));
        begins.zip(ends).map(|(from, until)| (from.max(within.0), until.min(within.1))).collect()
    }

    /// How long they are together.
    pub fn length(&self) -> TimeDelta {
        self.0.iter().map(|(from, until)| *until - *from).sum()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::time;

    fn spans(of: &[(i64, i64)]) -> Spans {
        of.iter().map(|(from, until)| (time::from_seconds(*from), time::from_seconds(*until))).collect()
    }

    proptest! {
        /// Second by second, it is what membership says.
        #[test]
        fn common_and_rest_are_what_each_second_says(one in prop::collection::vec((0_i64..40, 0_i64..40), 0..6), two in prop::collection::vec((0_i64..40, 0_i64..40), 0..6)) {
            let within = |of: &Spans, second: i64| of.iter().any(|(from, until)| from.timestamp() <= second && second < until.timestamp());
            let (first, second) = (spans(&one), spans(&two));
            let (common, rest) = (first.common(&second), first.rest((time::from_seconds(3), time::from_seconds(30))));
            for at in 0..41 {
                let is_first = one.iter().any(|(from, until)| *from <= at && at < *until);
                prop_assert_eq!(within(&first, at), is_first);
                prop_assert_eq!(within(&common, at), is_first && within(&second, at));
                prop_assert_eq!(within(&rest, at), !is_first && (3..30).contains(&at));
            }
            prop_assert!(first.0.windows(2).all(|pair| pair[0].1 < pair[1].0));
        }
    }
}
