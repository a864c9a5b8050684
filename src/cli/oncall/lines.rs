//! Who is on call, as `oncall` and `status` print it.

use serde::Serialize;

use crate::cli::output::columns;
use crate::domain::ical::{Event, stamp};
use crate::domain::oncall::escalation::Ladder;
use crate::domain::oncall::{Holder, Override, Schedule, Shift, ShiftSource};
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
}

impl<'a> OverrideLine<'a> {
    /// The line of an override.
    pub(super) fn of(said: &'a Override) -> Self {
        Self {
            schedule: &said.schedule,
            number: said.number,
            role: &said.role,
            person: said.slots.first().and_then(|slot| slot.person.as_deref()),
            from: said.from,
            until: said.until,
            by: &said.by,
            at: said.at,
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
}

/// The ladder of an incident: a contract.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct LadderLine {
    levels: Vec<LevelLine>,
    /// When nobody is left to page; null: only the first level is.
    exhausted_at: Option<Instant>,
}

impl From<Ladder> for LadderLine {
    fn from(ladder: Ladder) -> Self {
        let levels = ladder.rungs.into_iter().map(|rung| LevelLine { at: rung.at, people: rung.people });
        Self { levels: levels.collect(), exhausted_at: ladder.exhausted_at }
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
