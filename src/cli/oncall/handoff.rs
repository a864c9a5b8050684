//! `quarterdeck oncall handoff`: what is gone through before a role passes on, what is pending, and whoever takes over saying so.

use clap::Args;
use serde::Serialize;

use super::changes::role_of;
use super::pending::{BudgetLine, Pending, SilenceLine};
use super::{Failed, Printed, meant, moment, no_such, read, zone_of};
use crate::cli::fields::Fields;
use crate::cli::output::{columns, say, say_json};
use crate::cli::session::Session;
use crate::cli::{Format, exit, short};
use crate::domain::incident::{Incident, Severity, Stamp, State};
use crate::domain::oncall::{HANDOFF, Handoff};
use crate::domain::store::{HANDOFFS_OF, INCIDENTS_STANDING, standing};
use crate::domain::time::{self, Instant, Zone};
use crate::sources::error::SourceError;

/// How many are read.
const MOST: u32 = 200;

#[derive(Debug, Args)]
pub(super) struct Handed {
    /// The schedule.
    schedule: String,
    /// The role; may be left out where there is only one.
    #[arg(long)]
    role: Option<String>,
    /// The hand-over that is meant, by its time; else the next, and to accept the last that was handed over.
    #[arg(long, value_name = "TIME")]
    boundary: Option<String>,
    /// Tick an item: briefing, documents, pending; may be repeated.
    #[arg(long, value_name = "ITEM")]
    tick: Vec<String>,
    /// Open an item again.
    #[arg(long, value_name = "ITEM")]
    untick: Vec<String>,
    /// Hand the role over, with what is pending.
    #[arg(long)]
    submit: bool,
    /// Say that you have it.
    #[arg(long, conflicts_with = "submit")]
    accept: bool,
    /// What is said with it.
    #[arg(long, value_name = "WORDS", requires = "submit")]
    note: Option<String>,
    /// Who does it, where you only write it down; both of you are recorded.
    #[arg(long = "as", value_name = "HANDLE")]
    on_behalf_of: Option<String>,
    /// The form of the answer.
    #[arg(long, short, value_enum, default_value_t)]
    output: Format,
}

/// Something that is gone through: a contract.
#[derive(Debug, Serialize)]
struct ItemLine {
    item: &'static str,
    words: &'static str,
    done: bool,
}

/// An incident that is open: a contract.
#[derive(Debug, Serialize)]
struct OpenLine {
    number: u64,
    title: String,
    severity: Severity,
    state: State,
    assignee: Option<String>,
    age_seconds: i64,
}

/// A hand-off: a contract.
#[derive(Debug, Serialize)]
struct Document {
    schedule: String,
    role: String,
    boundary: Instant,
    outgoing: Option<String>,
    incoming: Option<String>,
    items: Vec<ItemLine>,
    open_incidents: Vec<OpenLine>,
    /// Those that end or begin in the shift that follows.
    silences: Vec<SilenceLine>,
    /// Those that burn, or of which little is left.
    budgets: Vec<BudgetLine>,
    /// What was pending when it was handed over.
    pending: Vec<String>,
    notes: String,
    submitted_by: Option<String>,
    submitted_at: Option<Instant>,
    accepted_by: Option<String>,
    accepted_at: Option<Instant>,
}

impl Handed {
    /// Whether it changes anything.
    pub(super) const fn is_change(&self) -> bool {
        self.submit || self.accept || !self.tick.is_empty() || !self.untick.is_empty()
    }

    pub(super) async fn run(&self, session: &Session) -> Printed {
        let book = read(session, Some(&self.schedule)).await?;
        let name = &self.schedule;
        let schedule = book.schedules.get(name).ok_or_else(|| (exit::USAGE, no_such(name, book.schedules.keys())))?;
        let role = role_of(schedule, self.role.as_deref(), book.now)?;
        let zone = zone_of(&book, Some(name));
        let boundary = self.boundary.as_deref().map(|typed| moment(typed, &zone, book.now)).transpose()?;
        let mut fields = Fields::default().with("role", &role);
        if let Some(boundary) = boundary {
            fields = fields.with("boundary", &time::written(boundary));
        }
        if let Some(handle) = &self.on_behalf_of {
            fields = fields.with("as", handle);
        }
        let reopened = self.untick.iter().map(|item| (item, true));
        for (item, is_undone) in self.tick.iter().map(|item| (item, false)).chain(reopened) {
            let fields = fields.clone().with("item", item);
            let fields = if is_undone { fields.with("undone", "") } else { fields };
            self.carry_out(session, "tick-handoff", &fields).await?;
        }
        if self.submit {
            self.carry_out(session, "hand-off", &fields).await?;
        }
        if self.accept {
            self.carry_out(session, "accept-handoff", &fields).await?;
        }
        let unanswered = |error: SourceError| (exit::UNKNOWN, error.sentence);
        let all: Vec<Handoff> =
            session.store.list(HANDOFFS_OF, vec![name.as_str().into()], MOST).await.map_err(unanswered)?;
        let next = book.on_call().next(Some(name), book.now).into_iter().find(|holder| holder.role == role);
        let meant = boundary.or_else(|| next.as_ref().and_then(|next| next.since));
        let of_role = || all.iter().filter(|one| one.role == role);
        let known = if self.accept && boundary.is_none() {
            of_role().filter(|one| one.accepted.is_some()).max_by_key(|one| one.accepted.as_ref().map(|stamp| stamp.at))
        } else {
            of_role().find(|one| Some(one.boundary) == meant)
        };
        let new = || -> Result<Handoff, Failed> {
            let at = meant.ok_or_else(|| (exit::USAGE, format!("{role} of {name} passes on to nobody in sight.")))?;
            let holder = |at: Instant| {
                let holders = book.on_call().now(Some(name), at);
                holders.into_iter().find(|holder| holder.role == role).and_then(|holder| holder.person)
            };
            Ok(Handoff::new((name, &role), at, holder(at - time::seconds(1)), holder(at)))
        };
        let handoff = known.cloned().map_or_else(new, Ok)?;
        let open: Vec<Incident> =
            session.store.list(INCIDENTS_STANDING, vec![standing(true).into()], MOST).await.map_err(unanswered)?;
        let pending = Pending::read(session, handoff.boundary).await;
        Ok(match self.output {
            Format::Json => say_json(&Document::of(&handoff, &open, pending, book.now)),
            Format::Table => {
                let lines = std::iter::once(table(&handoff, &open, &zone, book.now)).chain(pending.lines());
                say(&lines.collect::<Vec<_>>().join("\n"))
            }
        })
    }

    async fn carry_out(&self, session: &Session, action: &str, fields: &Fields) -> Result<(), Failed> {
        let subject = meant(session, std::slice::from_ref(&self.schedule))?;
        short::carry_out(session, (action, fields, self.note.as_deref()), subject).await.map(drop)
    }
}

impl Document {
    fn of(handoff: &Handoff, open: &[Incident], also: Pending, now: Instant) -> Self {
        let (by, at) = (|stamp: &Stamp| stamp.by.clone(), |stamp: &Stamp| stamp.at);
        Self {
            schedule: handoff.schedule.clone(),
            role: handoff.role.clone(),
            boundary: handoff.boundary,
            outgoing: handoff.outgoing.clone(),
            incoming: handoff.incoming.clone(),
            items: items(handoff),
            open_incidents: open
                .iter()
                .map(|one| OpenLine {
                    number: one.number,
                    title: one.title.clone(),
                    severity: one.severity,
                    state: one.state,
                    assignee: one.assignee.clone(),
                    age_seconds: (now - one.created_at).num_seconds(),
                })
                .collect(),
            silences: also.silences,
            budgets: also.budgets,
            pending: handoff.pending.clone(),
            notes: handoff.words.clone(),
            submitted_by: handoff.submitted.as_ref().map(by),
            submitted_at: handoff.submitted.as_ref().map(at),
            accepted_by: handoff.accepted.as_ref().map(by),
            accepted_at: handoff.accepted.as_ref().map(at),
        }
    }
}

fn items(handoff: &Handoff) -> Vec<ItemLine> {
    let line = |item: &crate::domain::oncall::HandoffItem| ItemLine {
        item: item.id,
        words: item.words,
        done: handoff.ticked.iter().any(|one| one == item.id),
    };
    HANDOFF.iter().map(line).collect()
}

/// The same for people.
fn table(handoff: &Handoff, open: &[Incident], zone: &Zone, now: Instant) -> String {
    let who = |person: &Option<String>| person.clone().unwrap_or_else(|| "NOBODY".to_owned());
    let at = |at: Instant| format!("{} {}", zone.clock(at).format("%a %Y-%m-%d %H:%M"), zone.abbreviation(at));
    let mut lines = vec![format!(
        "{}/{} passes from {} to {} at {}",
        handoff.schedule,
        handoff.role,
        who(&handoff.outgoing),
        who(&handoff.incoming),
        at(handoff.boundary)
    )];
    let mut rows = Vec::new();
    for item in items(handoff) {
        rows.push(vec![if item.done { "[x]" } else { "[ ]" }.to_owned(), item.item.to_owned(), item.words.to_owned()]);
    }
    lines.push(columns(&rows));
    let stamped = |word: &str, stamp: &Stamp| format!("{word} by {} at {}", stamp.by, at(stamp.at));
    lines.extend(handoff.submitted.as_ref().map(|stamp| stamped("handed over", stamp)));
    lines.push(match &handoff.accepted {
        Some(stamp) => stamped("accepted", stamp),
        None if handoff.is_missed(now) => "NOT ACCEPTED in time".to_owned(),
        None => "not accepted yet".to_owned(),
    });
    if !handoff.words.is_empty() {
        lines.push(handoff.words.clone());
    }
    if handoff.submitted.is_some() {
        lines.extend(handoff.pending.iter().map(|line| format!("pending: {line}")));
    } else {
        lines.extend(open.iter().map(|one| format!("open: {one}, {}, {}", one.severity.name(), one.state.word())));
    }
    lines.join("\n")
}
