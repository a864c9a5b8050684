//! The timeline of an incident: what happened, when, by whom, and when that was written down.

use serde::{Deserialize, Serialize};

use super::{Incident, Link, Transition};
use crate::domain::store::SubjectKind;
use crate::domain::time::{self, Instant};
use crate::domain::worded;

worded! {
    /// What kind of thing happened.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum EntryKind {
        /// It was declared.
        Declared = "declared",
        /// Somebody said that they are on it.
        Acknowledged = "acknowledged",
        /// Somebody answered a page of their own.
        PageAcknowledged = "page_acknowledged",
        /// It was given to somebody.
        Assigned = "assigned",
        /// It was given to somebody who was called for it.
        Reassigned = "reassigned",
        /// Somebody had the next level called.
        Escalated = "escalated",
        /// Somebody was asked to help.
        ResponderAdded = "responder_added",
        /// It was put off.
        Snoozed = "snoozed",
        /// Its severity was changed.
        Severity = "severity",
        /// A role was taken, taken over or given back.
        Role = "role",
        /// The response moved on, or back.
        Phase = "phase",
        /// Something of the checklist was done.
        Ticked = "ticked",
        /// Something of the checklist is not done after all.
        Unticked = "unticked",
        /// An alert was linked.
        AlertLinked = "alert_linked",
        /// Something else was linked.
        Linked = "linked",
        /// Something was unlinked.
        Unlinked = "unlinked",
        /// It was merged into another, or another into it.
        Merged = "merged",
        /// A merge was taken back.
        Unmerged = "unmerged",
        /// It was resolved.
        Resolved = "resolved",
        /// It was opened again.
        Reopened = "reopened",
        /// Those who wait were told how it stands.
        Update = "update",
        /// Something is to be done later, by somebody.
        FollowUp = "follow_up",
        /// Somebody wrote something down.
        Note = "note",
        /// Something was done to what it is about, from whatever console.
        Action = "action",
        /// Something changed about what it is about: a deploy, a silence, a scaling.
        Change = "change",
    }
}

/// One line of the timeline as the store keeps it. Written once and never changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The incident's number.
    pub incident: u64,
    /// Its number there, from 1 without a gap.
    pub number: u64,
    /// What kind of thing happened.
    pub kind: EntryKind,
    /// When it happened, as whoever wrote it says.
    #[serde(deserialize_with = "time::clamped")]
    pub at: Instant,
    /// When it was written down, by the store's clock.
    #[serde(deserialize_with = "time::clamped")]
    pub recorded_at: Instant,
    /// Who did it.
    pub actor: String,
    /// Who wrote it down: another where it was done on behalf of the actor.
    pub by: String,
    /// What was before; empty where nothing was.
    pub before: String,
    /// What is since.
    pub after: String,
    /// What was said, possibly in several lines.
    pub words: String,
}

impl Transition {
    /// What kind of line it makes, with what was before and what is since.
    pub fn told(&self) -> (EntryKind, String, String) {
        let named = |who: &Option<String>| who.clone().unwrap_or_default();
        let only = |kind, after: String| (kind, String::new(), after);
        match self {
            Self::Acknowledge => only(EntryKind::Acknowledged, String::new()),
            Self::Assign { from, to } => (EntryKind::Assigned, named(from), named(to)),
            Self::Severity { from, to } => (EntryKind::Severity, from.word().to_owned(), to.word().to_owned()),
            Self::Role { role, from, to } => {
                let of = |who: &Option<String>| who.as_ref().map(|who| format!("{}: {who}", role.word()));
                (EntryKind::Role, of(from).unwrap_or_default(), of(to).unwrap_or_default())
            }
            Self::Phase { from, to } => (EntryKind::Phase, from.word().to_owned(), to.word().to_owned()),
            Self::Tick { item, is_done: true } => only(EntryKind::Ticked, item.clone()),
            Self::Tick { item, is_done: false } => only(EntryKind::Unticked, item.clone()),
            Self::Link(link) if link.kind == SubjectKind::Alert => only(EntryKind::AlertLinked, link.to_string()),
            Self::Link(link) => only(EntryKind::Linked, link.to_string()),
            Self::Unlink(link) => only(EntryKind::Unlinked, link.to_string()),
            Self::Merge { into } => only(EntryKind::Merged, format!("into incident {into}")),
            Self::Unmerge { into } => only(EntryKind::Unmerged, format!("from incident {into}")),
            Self::Escalate => only(EntryKind::Escalated, String::new()),
            Self::AddResponder { person } => only(EntryKind::ResponderAdded, person.clone()),
            Self::Answer => only(EntryKind::PageAcknowledged, String::new()),
            Self::Reassign { from, to } => (EntryKind::Reassigned, named(from), to.clone()),
            Self::Snooze { until } => only(EntryKind::Snoozed, format!("until {}", time::written(*until))),
            Self::Resolve => only(EntryKind::Resolved, String::new()),
            Self::Reopen => only(EntryKind::Reopened, String::new()),
            Self::Update(audience) => only(EntryKind::Update, audience.word().to_owned()),
            Self::FollowUp { owner, due } => (EntryKind::FollowUp, due.clone(), owner.clone()),
            Self::Note => only(EntryKind::Note, String::new()),
        }
    }
}

/// One line of the timeline as it is read: of the store's own, and of what else is known to have happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Event {
    /// When it happened.
    pub at: Instant,
    /// When it was written down.
    pub recorded_at: Instant,
    /// What kind of thing happened.
    pub kind: EntryKind,
    /// Who did it.
    pub actor: String,
    /// For whom it was written down by somebody else; `None` where who did it wrote it down.
    pub on_behalf_of: Option<String>,
    /// Who wrote it down.
    pub recorded_by: String,
    /// What was before; `None` where nothing was.
    pub before: Option<String>,
    /// What is since.
    pub after: Option<String>,
    /// What was said; empty where nothing was.
    pub words: String,
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

impl From<&Entry> for Event {
    fn from(entry: &Entry) -> Self {
        Self {
            at: entry.at,
            recorded_at: entry.recorded_at,
            kind: entry.kind,
            actor: entry.actor.clone(),
            on_behalf_of: some(&entry.actor).filter(|actor| *actor != entry.by),
            recorded_by: entry.by.clone(),
            before: some(&entry.before),
            after: some(&entry.after),
            words: entry.words.clone(),
        }
    }
}

impl Event {
    /// What happened, in a line.
    pub fn sentence(&self) -> String {
        let mut line = self.kind.word().replace('_', " ");
        let change = match (&self.before, &self.after) {
            (due, Some(owner)) if self.kind == EntryKind::FollowUp => {
                format!(" of {owner}{}", due.as_ref().map(|due| format!(", due {due}")).unwrap_or_default())
            }
            (Some(before), Some(after)) => format!(" {before} → {after}"),
            (Some(before), None) => format!(" {before} → nobody"),
            (None, Some(after)) => format!(" {after}"),
            (None, None) => String::new(),
        };
        line.push_str(&change);
        if !self.words.is_empty() {
            line.push_str(": ");
            line.push_str(&self.words);
        }
        line
    }
}

/// The timeline in the order in which things happened: that it was declared, its lines, and what else is known. Of what happened at one
/// moment, what was written down first stands first.
pub fn timeline(incident: &Incident, entries: &[Entry], further: Vec<Event>) -> Vec<Event> {
    let declared = Event {
        at: incident.created_at,
        recorded_at: incident.created_at,
        kind: EntryKind::Declared,
        actor: incident.declared_by.clone(),
        on_behalf_of: some(&incident.declared_by).filter(|actor| *actor != incident.entered_by),
        recorded_by: incident.entered_by.clone(),
        before: None,
        after: Some(first_severity(incident, entries).to_owned()),
        words: incident.title.clone(),
    };
    let links = incident.links.iter().filter(|link| link.kind == SubjectKind::Alert);
    // What it was declared from was never linked by a line of its own.
    let is_told =
        |link: &Link| entries.iter().any(|one| one.kind == EntryKind::AlertLinked && one.after == link.to_string());
    let of_alert = |link: &Link| Event {
        kind: EntryKind::AlertLinked,
        after: Some(link.to_string()),
        words: String::new(),
        ..declared.clone()
    };
    let alerts: Vec<Event> = links.filter(|link| !is_told(link)).map(of_alert).collect();
    let mut all: Vec<Event> = std::iter::once(declared).chain(alerts).collect();
    all.extend(entries.iter().map(Event::from));
    all.extend(further);
    all.sort_by_key(|event| (event.at, event.recorded_at));
    all
}

/// The severity it was declared with.
fn first_severity<'a>(incident: &'a Incident, entries: &'a [Entry]) -> &'a str {
    let changes = entries.iter().filter(|entry| entry.kind == EntryKind::Severity);
    changes.min_by_key(|entry| entry.number).map_or(incident.severity.word(), |entry| &entry.before)
}

#[cfg(test)]
mod tests {
    use super::super::Severity;
    use super::super::testing::{at, incident};
    use super::*;

    fn entry(number: u64, kind: EntryKind, happened: i64, written: i64) -> Entry {
        Entry {
            incident: 7,
            number,
            kind,
            at: at(happened),
            recorded_at: at(written),
            actor: "mori".into(),
            by: "mori".into(),
            before: String::new(),
            after: String::new(),
            words: String::new(),
        }
    }

    #[test]
    fn it_is_in_the_order_in_which_things_happened() {
        let entries = [
            entry(1, EntryKind::Acknowledged, 60, 60),
            entry(2, EntryKind::Note, 30, 90),
            entry(3, EntryKind::Resolved, 300, 300),
        ];
        let kinds: Vec<_> =
            timeline(&incident(Severity::Sev1), &entries, Vec::new()).iter().map(|one| one.kind).collect();
        assert_eq!(kinds, [EntryKind::Declared, EntryKind::Note, EntryKind::Acknowledged, EntryKind::Resolved]);
    }

    #[test]
    fn it_begins_with_the_severity_of_then_and_the_alert_it_was_declared_from() {
        let mut now = incident(Severity::Sev1);
        now.links.push(Link::typed("alert/Slow", "production").expect("an alert"));
        let mut change = entry(1, EntryKind::Severity, 60, 60);
        (change.before, change.after) = ("sev3".into(), "sev1".into());
        let told = timeline(&now, &[change], Vec::new());
        assert_eq!(told[0].after.as_deref(), Some("sev3"));
        assert_eq!((told[1].kind, told[1].after.as_deref()), (EntryKind::AlertLinked, Some("alert Slow")));
        assert_eq!(told[2].sentence(), "severity sev3 → sev1");
        let mut linked = entry(1, EntryKind::AlertLinked, 60, 60);
        linked.after = "alert Slow".into();
        assert_eq!(timeline(&now, &[linked], Vec::new()).len(), 2, "told once");
    }

    #[test]
    fn who_wrote_for_another_is_told() {
        let own = Event::from(&entry(1, EntryKind::Note, 0, 0));
        assert_eq!((own.on_behalf_of, own.recorded_by.as_str()), (None, "mori"));
        let other = Event::from(&Entry { by: "root".into(), ..entry(1, EntryKind::Note, 0, 0) });
        assert_eq!((other.on_behalf_of.as_deref(), other.recorded_by.as_str()), (Some("mori"), "root"));
    }
}
