//! Who is on call, as `oncall` and `status` print it.

use serde::Serialize;

use crate::cli::output::columns;
use crate::domain::ical::{Event, stamp};
use crate::domain::incident::Severity;
use crate::domain::oncall::escalation::{Authority, Ladder, Page, Policy, Responder, Run, Rung};
use crate::domain::oncall::{Holder, Override, OverrideKind, Schedule, Shift, ShiftSource, Slot};
use crate::domain::time::{Instant, Zone};

/// Who has a role: a contract.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct HolderLine {
    schedule: String,
    role: String,
    /// By handle; null: nobody.
    person: Option<String>,
    /// Null: longer than one looks back.
    since: Option<Instant>,
    /// Null: longer than one looks ahead.
    until: Option<Instant>,
}

impl From<Holder> for HolderLine {
    fn from(Holder { schedule, role, person, since, until }: Holder) -> Self {
        Self { schedule, role, person, since, until }
    }
}

/// A shift: a contract.
#[derive(Debug, Serialize)]
struct ShiftLine<'a> {
    role: &'a str,
    person: &'a str,
    start: Instant,
    end: Instant,
    /// rotation, override, temporary or swap.
    source: ShiftSource,
}

/// A while at which nobody has a role: a contract.
#[derive(Debug, Serialize)]
struct GapLine<'a> {
    role: &'a str,
    start: Instant,
    end: Instant,
}

/// A schedule over a while: a contract.
#[derive(Debug, Serialize)]
pub(super) struct ScheduleDocument<'a> {
    shifts: Vec<ShiftLine<'a>>,
    gaps: Vec<GapLine<'a>>,
}

impl<'a> ScheduleDocument<'a> {
    /// Of the shifts of each role.
    pub(super) fn of(roles: &'a [Vec<Shift>]) -> Self {
        let mut document = Self { shifts: Vec::new(), gaps: Vec::new() };
        for Shift { role, person, from, until, source, .. } in roles.iter().flatten() {
            let (start, end) = (*from, *until);
            match person {
                Some(person) => document.shifts.push(ShiftLine { role, person, start, end, source: *source }),
                None => document.gaps.push(GapLine { role, start, end }),
            }
        }
        document.shifts.sort_by_key(|shift| shift.start);
        document.gaps.sort_by_key(|gap| gap.start);
        document
    }
}

/// An override: a contract.
#[derive(Debug, Serialize)]
pub(super) struct OverrideLine<'a> {
    schedule: &'a str,
    number: u64,
    role: &'a str,
    /// By handle; null: nobody.
    person: Option<&'a str>,
    from: Instant,
    until: Instant,
    by: &'a str,
    at: Instant,
    kind: OverrideKind,
    /// asked, accepted, withdrawn or standing.
    state: &'static str,
    /// Who has it when.
    shifts: &'a [Slot],
    /// The one it accepts or takes back; null: none.
    of_number: Option<u64>,
}

/// How something that is said stands among the rest: nothing comes of a swap before it is accepted.
fn state(said: &Override, all: &[Override]) -> &'static str {
    match (said.settled_by(all).map(|by| by.kind), said.kind) {
        (Some(OverrideKind::Cancel), _) => "withdrawn",
        (Some(_), _) => "accepted",
        (None, OverrideKind::Swap) => "asked",
        (None, _) => "standing",
    }
}

impl<'a> OverrideLine<'a> {
    /// The line of one, among all that is said over the schedule.
    pub(super) fn of(said: &'a Override, all: &[Override]) -> Self {
        Self {
            schedule: &said.schedule,
            number: said.number,
            role: &said.role,
            person: said.slots.first().and_then(|slot| slot.person.as_deref()),
            from: said.from,
            until: said.until,
            by: &said.by,
            at: said.at,
            kind: said.kind,
            state: state(said, all),
            shifts: &said.slots,
            of_number: said.of_number,
        }
    }
}

/// A level of a ladder: a contract.
#[derive(Debug, Serialize)]
struct LevelLine {
    /// When it is paged if nobody acknowledges before.
    at: Instant,
    /// Who it is then, by handle.
    people: Vec<String>,
    /// What it may decide.
    authority: Authority,
}

/// By which policy people are called: a contract.
#[derive(Debug, Serialize)]
struct PolicyLine {
    team: String,
    severity: Severity,
    /// As it was when the escalation began.
    version: u64,
}

/// Somebody who was asked to help: a contract.
#[derive(Debug, Serialize)]
struct ResponderLine {
    person: String,
    acknowledged: bool,
}

/// A page that waits to be sent: a contract.
#[derive(Debug, Serialize)]
struct PageLine {
    person: String,
    /// From 1; null: asked by name.
    level: Option<usize>,
    at: Instant,
}

/// The ladder of an incident: a contract.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct LadderLine {
    levels: Vec<LevelLine>,
    /// When nobody is left to page; null: only the first level is.
    exhausted_at: Option<Instant>,
    /// running, stopped, snoozed, cooling, exhausted, held or ended; null: it has not begun in the store.
    state: Option<&'static str>,
    /// Until when it is put off; null: it is not.
    snoozed_until: Option<Instant>,
    /// Null: it has not begun in the store.
    policy: Option<PolicyLine>,
    responders: Vec<ResponderLine>,
    /// What waits to be sent.
    queued: Vec<PageLine>,
}

impl LadderLine {
    /// Of a ladder and of the escalation it is of; `None` where there is neither.
    pub(super) fn of(ladder: Option<Ladder>, run: Option<&Run>) -> Option<Self> {
        if ladder.is_none() && run.is_none() {
            return None;
        }
        let ladder = ladder.unwrap_or_default();
        let level = |(place, Rung { at, people })| LevelLine { at, people, authority: Policy::authority(place) };
        let policy = run.map(|run| &run.policy).filter(|policy| !policy.levels.is_empty());
        let responder =
            |one: &Responder| ResponderLine { person: one.person.clone(), acknowledged: one.has_acknowledged };
        let page = |page: &Page| PageLine { person: page.person.clone(), level: page.level, at: page.at };
        Some(Self {
            levels: ladder.rungs.into_iter().enumerate().map(level).collect(),
            exhausted_at: ladder.exhausted_at,
            state: run.map(|run| run.state.word()),
            snoozed_until: run.and_then(|run| run.state.snoozed_until()),
            policy: policy.map(|of| PolicyLine { team: of.team.clone(), severity: of.severity, version: of.version }),
            responders: run.iter().flat_map(|run| &run.responders).map(responder).collect(),
            queued: run.into_iter().flat_map(Run::queued).map(page).collect(),
        })
    }
}

/// A time on the clock of a zone, with what the zone calls its clock then.
fn on_clock(at: Instant, zone: &Zone) -> String {
    format!("{} {}", zone.clock(at).format("%a %Y-%m-%d %H:%M"), zone.abbreviation(at))
}

/// Who has which role, in the zones of the schedules.
pub(in crate::cli) fn holders(holders: &[Holder], zone_of: impl Fn(&str) -> Zone) -> String {
    let mut rows = vec![["SCHEDULE", "ROLE", "PERSON", "SINCE", "UNTIL"].map(str::to_owned).to_vec()];
    rows.extend(holders.iter().map(|one| {
        let zone = zone_of(&one.schedule);
        let shown = |at: Option<Instant>| at.map_or_else(|| "-".to_owned(), |at| on_clock(at, &zone));
        let person = one.person.clone().unwrap_or_else(|| "NOBODY".to_owned());
        vec![one.schedule.clone(), one.role.clone(), person, shown(one.since), shown(one.until)]
    }));
    columns(&rows)
}

/// The shifts of a schedule, in its zone.
pub(super) fn shifts(schedule: &Schedule, roles: &[Vec<Shift>]) -> String {
    let mut ordered: Vec<&Shift> = roles.iter().flatten().collect();
    ordered.sort_by_key(|shift| shift.from);
    let mut rows = vec![["FROM", "UNTIL", "ROLE", "PERSON", "WHY"].map(str::to_owned).to_vec()];
    rows.extend(ordered.into_iter().map(|shift| {
        vec![
            on_clock(shift.from, &schedule.zone),
            on_clock(shift.until, &schedule.zone),
            shift.role.clone(),
            shift.person.clone().unwrap_or_else(|| "NOBODY".to_owned()),
            shift.source.word().to_owned(),
        ]
    }));
    columns(&rows)
}

/// What is said over a schedule, on the clock of its zone.
pub(super) fn overrides(standing: &[&Override], all: &[Override], zone: &Zone) -> String {
    let mut rows = vec![["NUMBER", "KIND", "STATE", "ROLE", "FROM", "UNTIL", "WHO", "BY"].map(str::to_owned).to_vec()];
    rows.extend(standing.iter().map(|one| {
        let who: Vec<&str> = one.slots.iter().map(|slot| slot.person.as_deref().unwrap_or("NOBODY")).collect();
        vec![
            one.number.to_string(),
            one.kind.word().to_owned(),
            state(one, all).to_owned(),
            one.role.clone(),
            on_clock(one.from, zone),
            on_clock(one.until, zone),
            if who.is_empty() { "-".to_owned() } else { who.join(", ") },
            one.by.clone(),
        ]
    }));
    columns(&rows)
}

/// A shift as an event of a calendar. Its id follows from the schedule, the role and its beginning: who has it may change, and `changes` is
/// how often anything of the schedule did.
pub(super) fn event(schedule: &str, shift: &Shift, changes: u64, name_of: impl Fn(&str) -> String) -> Option<Event> {
    let person = shift.person.as_deref()?;
    Some(Event {
        uid: format!("oncall-{schedule}-{}-{}", shift.role, stamp(shift.from)),
        sequence: changes,
        from: shift.from,
        until: shift.until,
        summary: format!("On call: {} ({schedule}/{})", name_of(person), shift.role),
        description: match shift.source {
            ShiftSource::Rotation => String::new(),
            other => format!("by {}", other.word()),
        },
        is_cancelled: false,
        category: "ON-CALL",
    })
}
