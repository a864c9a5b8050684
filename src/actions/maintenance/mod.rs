//! Maintenance in the store: windows, what is said of their occurrences, tasks that are done, freezes. What is read before, and what may be
//! given; `draft.rs` says what a plan of it is, and `stored.rs` how it is written.

mod draft;

pub(super) use draft::{Doing, draft};

use serde_json::{Value, json};

use super::alerts::StoreEyes;
use super::contract::{About, Reason};
use super::observation::MaintenanceFacts;
use crate::domain::action::{Field, FieldKind, Given, Tier};
use crate::domain::maintenance::{Exception, Schedule};
use crate::domain::store::{Changes, StoredFreeze, StoredWindow};
use crate::domain::subject::{NamedRef, Subject, SubjectKind};
use crate::domain::text;
use crate::domain::time::{Instant, Zone};

/// A field that is a line.
const fn line(id: &'static str, value: &'static str, noun: &'static str, words: &'static str) -> Field {
    Field { id, kind: FieldKind::Line, value, noun, words, is_needed: false }
}

/// How what is made is called.
pub(super) const NAME: Field = line("name", "NAME", "a name", "How it is called; else as the target is.");
/// When a window comes again.
pub(super) const CRON: Field = line(
    "cron",
    "FIELDS",
    "a recurrence",
    "When it comes again: minute, hour, day of the month, month, weekday, such as '30 2 * * SUN#2'.",
);
/// On whose clock.
pub(super) const ZONE: Field =
    line("zone", "ZONE", "a time zone", "On whose clock: a zone of the IANA database such as Europe/Berlin; else UTC.");
/// When a window comes that comes once.
pub(super) const AT: Field =
    line("at", "TIME", "a time", "When it comes, once: 2026-12-13T02:30:00Z, or 2026-12-13T02:30 on the zone's clock.");
/// How long it lasts.
pub(super) const FOR: Field = Field {
    id: "for",
    kind: FieldKind::Span,
    value: "LENGTH",
    noun: "a length of time",
    words: "How long it lasts: 30m, 2h.",
    is_needed: false,
};
/// Of which service.
pub(super) const SERVICE: Field = line("service", "NAME", "a service", "The service it is of; else every one.");
/// Whether users are without it.
pub(super) const DOWNTIME: Field = Field {
    id: "downtime",
    kind: FieldKind::Flag,
    value: "",
    noun: "",
    words: "Users are without the service meanwhile; announced a week before, 2h of a month do not count against its objectives.",
    is_needed: false,
};
/// What is done in it.
pub(super) const ACTIVITIES: Field = line(
    "activities",
    "LIST",
    "activities",
    "What is done in it, parted by commas; else what is done in the one of its name.",
);
/// Why it does not wait.
pub(super) const EMERGENCY: Field = line(
    "emergency",
    "TRIGGER",
    "a trigger",
    "Why it does not wait for a window: vulnerability, corruption, degradation or compliance.",
);
/// Which occurrence.
pub(super) const OCCURRENCE: Field = line(
    "occurrence",
    "TIME",
    "a time",
    "Which occurrence, by the time it begins; else the one that runs, or the next within a day.",
);
/// When it begins instead.
pub(super) const BEGINS: Field =
    line("begins", "TIME", "a time", "When it begins instead: 2026-12-13T02:30:00Z, or a time on the window's clock.");
/// Whether the window is meant, and not an occurrence of it.
pub(super) const WINDOW: Field = Field {
    id: "window",
    kind: FieldKind::Flag,
    value: "",
    noun: "",
    words: "Take the window itself out of the schedule, with every occurrence of it.",
    is_needed: false,
};
/// The day of a release.
pub(super) const RELEASE: Field = line(
    "release",
    "DAY",
    "a day",
    "The day of the release it is before, such as 2026-12-22; else give --from and --until.",
);
/// When a freeze begins.
pub(super) const FROM: Field = line("from", "TIME", "a time", "When it begins; else now.");
/// When a freeze ends.
pub(super) const UNTIL: Field = line("until", "TIME", "a time", "When it ends.");

impl About {
    /// What is the same of actions on maintenance: what they do stands in the store, nobody feels it, and it is taken back.
    pub(super) const ON_WINDOW: Self =
        Self { on: SubjectKind::Window, most: 1, tier: Tier::T1, reason: Reason::Welcome, ..Self::ON_WORKLOAD };
}

/// The schedule that a store tells of, with the windows as they stand there.
pub fn schedule(of: &Changes) -> Schedule {
    let windows = of.of::<StoredWindow>().into_iter().filter(|one| one.withdrawn.is_none());
    Schedule::of(windows.filter_map(|one| one.window()), of.of::<Exception>())
}

impl StoreEyes {
    /// Reads what the store says of maintenance. A store that does not answer is said in what was read.
    pub(super) async fn maintenance(&self, subject: &Subject, given: &Given, now: Instant) -> MaintenanceFacts {
        let mut facts = MaintenanceFacts::unread(subject.clone(), now);
        match self.store.changes(0).await {
            Ok(changes) => facts.hear(&changes, given),
            Err(error) => facts.unsaid = Some(text::clean(&error.sentence).into_owned()),
        }
        facts
    }
}

impl MaintenanceFacts {
    /// The shipped schedule: nothing is known yet of what the store says.
    pub(super) fn unread(subject: Subject, now: Instant) -> Self {
        Self {
            name: subject.name().to_owned(),
            occurrence: None,
            subject,
            schedule: Schedule::of([], []),
            window: None,
            said: None,
            freeze: None,
            last_tick: None,
            unsaid: None,
            is_written: false,
            store_now: now,
            document: Value::Null,
            observed_at: now,
        }
    }

    /// Takes in what the store says.
    fn hear(&mut self, changes: &Changes, given: &Given) {
        self.store_now = changes.now;
        self.schedule = schedule(changes);
        let (name, occurrence) = match self.subject.name().split_once('@') {
            Some((name, occurrence)) => (name, Some(occurrence.to_owned())),
            None => (self.subject.name(), None),
        };
        self.name = given.text(NAME.id).unwrap_or(name).to_owned();
        self.occurrence = occurrence;
        let name = self.name.clone();
        let window = changes.of::<StoredWindow>().into_iter().find(|one| one.planned.name == name);
        self.window = window.filter(|one| one.withdrawn.is_none());
        let freeze = changes.of::<StoredFreeze>().into_iter().find(|one| one.name == name);
        self.freeze = freeze.filter(|one| one.withdrawn.is_none());
        let ticks = changes.of::<crate::domain::store::TaskTick>().into_iter().filter(|tick| tick.task == name);
        self.last_tick = ticks.max_by_key(|tick| tick.number);
        self.said = self.meant(given).ok().and_then(|scheduled| self.schedule.exception(&name, scheduled)).cloned();
        self.document = json!({ "window": self.window, "said": self.said, "freeze": self.freeze });
    }

    /// The name of what it is about: one that is made has it from what is given.
    fn name(&self) -> &str {
        &self.name
    }

    /// The occurrence that is meant, by the time its rule gives it.
    ///
    /// # Errors
    /// The sentence to show where there is none.
    fn meant(&self, given: &Given) -> Result<Instant, String> {
        let name = self.name();
        let window = self.schedule.window(name).ok_or_else(|| self.schedule.no_such_window(name))?;
        if let Some(typed) = given.text(OCCURRENCE.id).or(self.occurrence.as_deref()) {
            let at = window.zone.time(typed)?;
            return self.schedule.occurrence(name, at, self.store_now).map(|one| one.scheduled);
        }
        if let crate::domain::maintenance::Rule::Once(at) = window.rule {
            return Ok(at);
        }
        let current = self.schedule.current(window, self.store_now).map(|one| one.scheduled);
        current.ok_or_else(|| {
            let next: Vec<String> = window.next(self.store_now, 3).into_iter().map(crate::domain::time::written).collect();
            format!(
                "{name} does not run, and does not begin within a day: nothing was changed. Name the occurrence with --occurrence; the next ones are {}.",
                next.join(", ")
            )
        })
    }

    /// Who has changed what a pin shows; `None` where that is not known.
    pub(super) fn who_moved(&self, path: &str) -> Option<String> {
        let (by, at) = match (path.split('/').nth(1)?, &self.said, &self.window, &self.freeze) {
            ("said", Some(said), ..) => (&said.by, said.at),
            ("window", _, Some(window), _) => (&window.by, window.at),
            ("freeze", .., Some(freeze)) => (&freeze.by, freeze.at),
            _ => return None,
        };
        Some(format!("{by} changed it at {}", at.format("%H:%M:%S")))
    }
}

/// The zone that was given, and what to say of it.
fn zone(given: &Given) -> Result<(Zone, Option<String>), String> {
    given.text(ZONE.id).map_or(Ok((Zone::UTC, None)), Zone::meant)
}

/// A window, a task or a freeze of an environment, by its name.
pub fn named(environment: &std::sync::Arc<str>, name: &str) -> NamedRef {
    NamedRef { environment: environment.clone(), name: name.to_owned() }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
