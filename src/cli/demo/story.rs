//! What people wrote into the store of the demo before it began, and what they are told when the release goes wrong.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;

use crate::cli::session::Session;
use crate::domain::incident::{Link, Severity, Source};
use crate::domain::oncall::OnCall;
use crate::domain::oncall::escalation::Called;
use crate::domain::oncall::file::{self as on_call, Known};
use crate::domain::people;
use crate::domain::store::fact::Change;
use crate::domain::store::{Author, DeclareIncident, ImportPeople, NewWindow, PlannedWindow, SetPolicy, SetSchedule};
use crate::domain::time::{self, Instant};
use crate::sources::Clock;
use crate::sources::store::port::{WriteError, WriteStore};
use crate::sources::store::{Store, new_id};

/// Who is there, in the form of `people import`.
const PEOPLE: &str = include_str!("../../../assets/demo/people.toml");
/// When the demo's window begins.
const WINDOW_IN: TimeDelta = TimeDelta::minutes(25);
/// How long after the start monitoring sees what the release does.
const SEEN_AFTER: Duration = Duration::from_secs(9);

/// The demo's own store, and its clock.
pub(super) struct Story {
    store: Arc<Store>,
    clock: Clock,
}

impl Story {
    pub(super) fn of(session: &Session) -> Self {
        Self { store: session.store.clone(), clock: session.clock() }
    }

    /// Writes what was before: people, who is on call, how a call climbs, and a window that begins soon.
    ///
    /// # Errors
    /// What the store says.
    pub(super) async fn before(&self) -> Result<(), WriteError> {
        let now = (self.clock)();
        self.write("lena", &everybody(now)).await?;
        self.write("sato", &window(now)).await
    }

    /// Opens the incident when monitoring sees what the release does.
    ///
    /// # Errors
    /// What the store says.
    pub(super) async fn open_incident(&self) -> Result<(), WriteError> {
        tokio::time::sleep(SEEN_AFTER).await;
        self.write("monitoring", &incident((self.clock)())).await
    }

    async fn write(&self, name: &str, change: &dyn Change) -> Result<(), WriteError> {
        let author = Author { name: name.to_owned(), origin: "demo".to_owned() };
        self.store.write(&author, &new_id(&self.clock), change).await.map(drop)
    }
}

/// The file of people in an empty store.
fn everybody(now: Instant) -> ImportPeople {
    let file = Path::new("people.toml");
    let (listed, _) = people::parse(file, PEOPLE, &[]);
    let known = Known {
        people: listed.people.iter().map(|person| person.handle.clone()).collect(),
        teams: listed.teams.iter().map(|team| team.name.clone()).collect(),
        ..Known::default()
    };
    let (written, _) = on_call::parse(file, PEOPLE, &known, now);
    let schedule = |wanted| SetSchedule { environment: String::new(), wanted, seen_version: 0 };
    let policy = |wanted| SetPolicy { environment: String::new(), wanted, seen_version: 0 };
    ImportPeople {
        people: listed.people,
        teams: listed.teams,
        schedules: written.schedules.into_iter().map(schedule).collect(),
        policies: written.policies.into_iter().map(policy).collect(),
        file: file.display().to_string(),
        on_behalf_of: None,
    }
}

fn window(now: Instant) -> NewWindow {
    let planned = PlannedWindow {
        name: "reindex-orders".to_owned(),
        recurrence: None,
        once: Some(time::to_the_second(now) + WINDOW_IN),
        zone: "UTC".to_owned(),
        lasts_seconds: 45 * 60,
        service: Some("checkout".to_owned()),
        is_downtime: true,
        activities: ["rebuild the index of orders", "warm the cache up", "health check"].map(str::to_owned).to_vec(),
        emergency: None,
    };
    NewWindow { planned, seen_version: 0 }
}

fn incident(now: Instant) -> DeclareIncident {
    DeclareIncident {
        environment: "production".to_owned(),
        title: "Payments fail for customers".to_owned(),
        severity: Severity::Sev1,
        source: Source::Monitoring,
        team: "shop".to_owned(),
        impact: "Customers cannot pay: one attempt in six ends in an error.".to_owned(),
        impact_since: Some(now),
        links: vec![Link::service("payments")],
        similar_to: None,
        on_behalf_of: None,
        called: called(now),
    }
}

/// Whom the ladder of the team calls.
fn called(now: Instant) -> Option<Called> {
    let ImportPeople { schedules, policies, .. } = everybody(now);
    let schedules = schedules.into_iter().map(|one| (one.wanted.name.clone(), one.wanted)).collect();
    let policies =
        policies.into_iter().map(|one| ((one.wanted.team.clone(), one.wanted.severity), one.wanted)).collect();
    let (overrides, business) = (BTreeMap::new(), BTreeMap::new());
    let book = OnCall { schedules: &schedules, overrides: &overrides, policies: &policies, business: &business };
    Some(book.called(book.policy("shop", None, Severity::Sev1)?, now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_people_of_the_demo_can_be_imported_and_somebody_is_always_on_call() {
        let now = time::read("2026-12-01T15:00:00Z").expect("a time");
        let (listed, problems) = people::parse(Path::new("people.toml"), PEOPLE, &[]);
        assert_eq!((listed.people.len(), problems), (4, Vec::new()));
        let imported = everybody(now);
        assert_eq!((imported.schedules.len(), imported.policies.len()), (1, 2));
        let schedule = &imported.schedules[0].wanted;
        for hour in 0..48 {
            for role in schedule.roles() {
                let held = schedule.now(role, &[], now + TimeDelta::hours(hour)).and_then(|(shift, _, _)| shift.person);
                assert!(held.is_some(), "nobody has {role} after {hour} h");
            }
        }
    }
}
