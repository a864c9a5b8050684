//! Texts as they come in JSON: borrowed where they can be, and cleaned and kept once where they repeat.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

use crate::domain::alert::Labels;
use crate::domain::text::clean;

/// Any JSON string, borrowed where it has no escapes.
#[derive(Deserialize, Default)]
pub(in crate::sources) struct Text<'a>(#[serde(borrow)] pub(in crate::sources) Cow<'a, str>);

/// A map of texts in the order it came; null is an empty one.
#[derive(Default)]
pub(in crate::sources) struct Pairs<'a>(Vec<(Text<'a>, Text<'a>)>);

impl<'de: 'a, 'a> Deserialize<'de> for Pairs<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Pair;
        impl<'de> Visitor<'de> for Pair {
            type Value = Pairs<'de>;
            fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
                to.write_str("a map of texts")
            }
            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Pairs::default())
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::with_capacity(map.size_hint().unwrap_or(8));
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        from.deserialize_any(Pair)
    }
}

impl Pairs<'_> {
    /// The map as it came, in the order of the names, where cleaning makes another of it.
    pub(in crate::sources) fn raw(&self) -> Option<Labels> {
        let is_clean = |text: &Text<'_>| clean(&text.0) == text.0;
        if self.0.iter().all(|(name, value)| is_clean(name) && is_clean(value)) {
            return None;
        }
        let mut pairs: Vec<_> =
            self.0.iter().map(|(name, value)| (Arc::from(&*name.0), Arc::from(&*value.0))).collect();
        pairs.sort();
        Some(pairs.into())
    }
}

/// Texts that repeat, kept once: of 10,000 alerts most labels are the same few.
#[derive(Debug, Default)]
pub(in crate::sources) struct Kept {
    texts: HashSet<Arc<str>>,
    /// How many there were when those nobody uses were last let go.
    used: usize,
}

impl Kept {
    /// One text, cleaned.
    pub(in crate::sources) fn text(&mut self, raw: &str) -> Arc<str> {
        let cleaned = clean(raw);
        if let Some(known) = self.texts.get(&*cleaned) {
            return known.clone();
        }
        let new: Arc<str> = cleaned.into();
        self.texts.insert(new.clone());
        new
    }

    /// Lets go what nobody uses any more, once it may be as much as what is used.
    pub(in crate::sources) fn tidy(&mut self) {
        if self.texts.len() > self.used * 2 {
            self.texts.retain(|text| Arc::strong_count(text) > 1);
            self.used = self.texts.len();
        }
    }

    /// Some of them.
    pub(in crate::sources) fn texts(&mut self, raw: Option<&[Text<'_>]>) -> Vec<Arc<str>> {
        raw.unwrap_or_default().iter().map(|text| self.text(&text.0)).collect()
    }

    /// A map of them, in the order of the names.
    pub(in crate::sources) fn labels(&mut self, raw: &Pairs<'_>) -> Labels {
        let mut pairs: Vec<_> = raw.0.iter().map(|(name, value)| (self.text(&name.0), self.text(&value.0))).collect();
        pairs.sort();
        pairs.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_repeats_is_kept_once_and_what_nobody_uses_is_let_go() {
        let mut kept = Kept::default();
        let pairs: Pairs<'_> = serde_json::from_str(r#"{"b":"\u0041","a":"A"}"#).expect("a map");
        let labels = kept.labels(&pairs);
        assert_eq!(labels.iter().map(|(name, _)| &**name).collect::<Vec<_>>(), ["a", "b"], "in the order of the names");
        assert!(Arc::ptr_eq(&labels[0].1, &labels[1].1));
        kept.tidy();
        assert_eq!(kept.texts.len(), 3);
        drop(labels);
        kept.used = 0;
        kept.tidy();
        assert_eq!(kept.texts.len(), 0);
    }
}
