//! What a workload in maintenance mode was, as remembered on the workload itself.
//!
//! The memory is written in the same patch as the change and taken away once everything is back: it outlives any console, and anybody who
//! may write the workload can bring it back. One that stands already is never written over: what it would be overwritten with is the
//! maintenance, not what was before. Nothing here knows how it is written.

mod kept;
mod mode;
mod ways;

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::text;
use crate::domain::time::{self, Instant};

pub use kept::{KEPT, KEPT_KEY, Kept};
pub use mode::{Mode, ServiceMode, State, modes, proposed, services};
pub use ways::{END_TIME, MODE, Named, ObjectKind, Page, Way, Ways};

/// The annotation that holds the memory.
pub const MEMORY_KEY: &str = "quarterdeck.dev/maintenance";

/// Where it stands in an object; a JSON pointer.
pub const MEMORY: &str = "/metadata/annotations/quarterdeck.dev~1maintenance";

/// The most letters of a reason.
pub const LONGEST_REASON: usize = 500;

/// What one workload was before its maintenance, who began that, and when it is to end. Texts are cleaned when it is read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// The shape of this document: 1.
    pub v: u32,
    /// The run that wrote it.
    pub run: String,
    /// When the maintenance began, by the clock of the console that began it.
    #[serde(deserialize_with = "time::clamped")]
    pub since: Instant,
    /// Who began it.
    pub by: String,
    /// When it is to be over.
    #[serde(deserialize_with = "time::clamped")]
    pub until: Instant,
    /// Why, in the operator's words.
    pub reason: String,
    /// How many pods it was to have.
    pub replicas: u32,
    /// The digest of its pod template.
    pub template: String,
    /// How often its end was moved.
    #[serde(default)]
    pub extensions: u32,
    /// Why its end was moved last; empty where it was not.
    #[serde(default)]
    pub extended_because: String,
    /// Whether it is being brought back: its pods were asked for again, and are not all ready yet.
    #[serde(default)]
    pub is_ending: bool,
    /// The ways it was taken; empty: by scaling alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ways: Vec<Way>,
    /// What was changed beside it, as `httproute/checkout`: each remembers what it was.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
    /// What its variables were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variables: Option<Variables>,
}

/// The variables of a container that say that it is maintenance, as they were before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variables {
    /// The container.
    pub container: String,
    /// Whether it had any variable.
    pub had_any: bool,
    /// Those that are set meanwhile, as they stood; null: not there.
    pub was: BTreeMap<String, Value>,
}

impl Memory {
    /// The longest a maintenance may last from the moment it is begun or extended.
    pub const LONGEST: TimeDelta = TimeDelta::hours(8);
    /// How long it lasts where nobody says it.
    pub const USUAL: TimeDelta = TimeDelta::hours(1);
    /// The shape this console writes and reads.
    pub const VERSION: u32 = 1;

    /// What an object remembers; `None` where it remembers nothing.
    ///
    /// # Errors
    /// Why it cannot be read, as a sentence: somebody has edited it, or a newer console wrote it.
    pub fn of(object: &Value) -> Option<Result<Self, String>> {
        let written = object.pointer(MEMORY)?;
        Some(Self::read(written.as_str().unwrap_or_default()))
    }

    /// Reads an annotation.
    ///
    /// # Errors
    /// Why it cannot be read, as a sentence.
    pub fn read(annotation: &str) -> Result<Self, String> {
        let shown = || text::clean(annotation).chars().take(200).collect::<String>();
        let read: Self = serde_json::from_str(annotation)
            .map_err(|error| format!("its annotation {MEMORY_KEY} is no memory of ours ({error}): {}", shown()))?;
        if read.v != Self::VERSION {
            return Err(format!(
                "its annotation {MEMORY_KEY} is of version {}, and this console reads version {}: {}",
                read.v,
                Self::VERSION,
                shown()
            ));
        }
        let clean = |text: &str| text::clean(text).into_owned();
        Ok(Self {
            run: clean(&read.run),
            by: clean(&read.by),
            reason: clean(&read.reason),
            template: clean(&read.template),
            extended_because: clean(&read.extended_because),
            ..read
        })
    }

    /// The annotation's value. What somebody typed holds no brace in it, so that none is taken for a place to be filled.
    pub fn written(&self) -> String {
        let text = serde_json::to_string(self).unwrap_or_default();
        let (mut written, mut is_typed, mut is_escaped) = (String::with_capacity(text.len()), false, false);
        for letter in text.chars() {
            match letter {
                '"' if !is_escaped => is_typed = !is_typed,
                '{' if is_typed => {
                    written.push_str("\\u007b");
                    continue;
                }
                _ => {}
            }
            is_escaped = letter == '\\' && !is_escaped;
            written.push(letter);
        }
        written
    }

    /// The same with places for the run and for the moment it is sent, which are filled once the plan is confirmed.
    pub fn to_be_filled(&self) -> String {
        let text = self.written();
        let rest = text.find("\"by\":").and_then(|from| text.get(from..)).unwrap_or_default();
        format!("{{\"v\":{},\"run\":\"{{run}}\",\"since\":\"{{now}}\",{rest}", Self::VERSION)
    }

    /// Whether no pod is left meanwhile.
    pub fn is_scaled(&self) -> bool {
        self.ways.is_empty() || self.ways.contains(&Way::Scale)
    }

    /// Whether both remember the same: not which run wrote it, and when.
    pub fn is_same(&self, other: &Self) -> bool {
        let bare = |one: &Self| Self { run: String::new(), since: Instant::default(), ..one.clone() };
        bare(self) == bare(other)
    }

    /// How long it is over its end; `None` before that.
    pub fn overdue(&self, now: Instant) -> Option<TimeDelta> {
        (now >= self.until).then(|| now - self.until)
    }

    /// Who, since when and until when, in words.
    pub fn sentence(&self) -> String {
        let said = |at: Instant| at.format("%Y-%m-%d %H:%M UTC");
        format!("{} since {}, until {}: {}", self.by, said(self.since), said(self.until), self.reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn memory(reason: &str) -> Memory {
        Memory {
            v: 1,
            run: "20270115T080000Z-0123456789abcdef".into(),
            since: time::from_seconds(1_800_000_000),
            by: "mori".into(),
            until: time::from_seconds(1_800_007_200),
            reason: reason.into(),
            replicas: 3,
            template: "abc".into(),
            ..Memory::default()
        }
    }

    #[test]
    fn it_is_overdue_from_its_end_on() {
        let one = memory("upgrade");
        assert_eq!(one.overdue(one.until - TimeDelta::seconds(1)), None);
        assert_eq!(one.overdue(one.until + TimeDelta::seconds(90)), Some(TimeDelta::seconds(90)));
    }

    #[test]
    fn what_somebody_edited_is_no_memory_and_is_shown() {
        let of = |value: Value| Memory::of(&json!({"metadata": {"annotations": {MEMORY_KEY: value}}}));
        assert_eq!(Memory::of(&json!({"metadata": {}})), None);
        let edited = of(json!("replicas: 3\u{1b}[2J")).expect("an annotation").expect_err("no memory");
        assert!(edited.contains("replicas: 3") && !edited.contains('\u{1b}'), "{edited}");
        let newer = memory("x").written().replacen("\"v\":1", "\"v\":2", 1);
        assert!(of(json!(newer)).is_some_and(|read| read.is_err_and(|why| why.contains("version 2"))));
        assert!(of(json!(7)).is_some_and(|read| read.is_err()));
    }

    proptest! {
        #[test]
        fn whatever_the_reason_says_it_survives_and_fills_no_place(reason in "[a-z{}\" :,]{0,40}") {
            let one = memory(&reason);
            let read = Memory::read(&one.written()).expect("a memory");
            prop_assert_eq!(&read, &one);
            let places = one.to_be_filled();
            prop_assert_eq!(places.matches('{').count(), 3, "the document and its two places: {}", places);
            let filled = places.replace("{run}", "r").replace("{now}", "2027-01-15T08:00:00Z");
            prop_assert!(Memory::read(&filled).expect("a memory").is_same(&one));
            let kept = Variables { container: reason.clone(), had_any: true, was: [(reason, json!({"value": "{now}"}))].into() };
            let told = Memory { variables: Some(kept), ways: vec![Way::Variables], also: vec!["service/api".into()], ..one };
            let filled = told.to_be_filled().replace("{run}", "r").replace("{now}", "2027-01-15T08:00:00Z");
            prop_assert!(Memory::read(&filled).expect("a memory").is_same(&told), "{}", filled);
        }
    }
}
