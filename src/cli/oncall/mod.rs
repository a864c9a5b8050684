//! `quarterdeck oncall`: who is on call, who is next, and an override of a shift.

mod book;
mod changes;
mod handoff;
mod lines;
mod pending;

use std::process::ExitCode;

use clap::{Args, Subcommand};
use color_eyre::eyre::Result;

use self::changes::{Maybe, Numbered, Override, Swap, Take, Temporary, Which};
use self::handoff::Handed;
use self::lines::ScheduleDocument;
use super::output::{note, say, say_json, say_whole};
use super::session::Session;
use super::{Format, Global, exit};
use crate::domain::ical;
use crate::domain::oncall::{Holder, Schedule, Shift};
use crate::domain::subject::{ScheduleRef, Subject};
use crate::domain::time::{self, Instant, Zone};
use crate::sources::error::SourceError;

pub(super) use self::book::Book;
pub(super) use self::lines::{HolderLine, LadderLine};

/// How long a schedule is shown where nobody says: four weeks.
const SHOWN: i64 = 28;
/// How far a schedule is worked out at most, in days: five years.
const FURTHEST: i64 = 5 * 366;
/// How much of the past and of the future a calendar holds where nobody says, in days.
const CALENDAR: (i64, i64) = (14, 180);

#[derive(Debug, Args)]
pub(super) struct Oncall {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Who has each role now, or at a time.
    Now(Asked),
    /// Who has each role next, and from when.
    Next(Asked),
    /// The shifts of a schedule, with every override, and its gaps.
    Schedule {
        /// The schedule.
        schedule: String,
        /// From when: 2026-10-19T09:00 on the schedule's clock, or 2026-10-19T13:00:00Z; else now.
        #[arg(long, value_name = "TIME")]
        from: Option<String>,
        /// Until when; else four weeks later.
        #[arg(long, value_name = "TIME")]
        until: Option<String>,
        /// The form of the answer.
        #[arg(long, short, value_enum, default_value_t)]
        output: Format,
    },
    /// Give a role to somebody for a while, whoever's turn it is. Exit code 3 where somebody was first, with who it was.
    Override(Override),
    /// Have a role yourself from now until a time, whoever's turn it is.
    Take(Take),
    /// For a while let only some shifts count, and not the rotations of a role.
    Temporary(Temporary),
    /// Ask somebody to swap shifts; nothing changes until they accept it.
    Swap(Swap),
    /// Accept a swap that you were asked.
    Accept(Numbered<Maybe>),
    /// Take back an override, a temporary schedule or a swap; what was stays as it was.
    Withdraw(Numbered<Which>),
    /// What is said over the rotations of a schedule and is not over.
    Overrides {
        /// The schedule.
        schedule: String,
        /// The form of the answer.
        #[arg(long, short, value_enum, default_value_t)]
        output: Format,
    },
    /// What is gone through before a role passes on: tick it, hand it over, accept it.
    Handoff(Handed),
    /// The shifts as a calendar that calendar programs read.
    Ical {
        /// Only this schedule.
        schedule: Option<String>,
        /// Only the shifts of this person, by handle.
        #[arg(long, value_name = "HANDLE")]
        person: Option<String>,
        /// From when; else two weeks ago.
        #[arg(long, value_name = "TIME")]
        from: Option<String>,
        /// Until when; else in half a year.
        #[arg(long, value_name = "TIME")]
        until: Option<String>,
    },
}

#[derive(Debug, Args)]
struct Asked {
    /// Only this schedule.
    schedule: Option<String>,
    /// At this time: 2026-10-19T13:00:00Z, or 2026-10-19T09:00 on the clock of the schedule, or of UTC where several are asked; else now.
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// The form of the answer.
    #[arg(long, short, value_enum, default_value_t)]
    output: Format,
}

/// The exit code and the sentence of a command that came to nothing.
type Failed = (u8, String);

impl Oncall {
    /// Whether it changes anything.
    pub(super) const fn is_change(&self) -> bool {
        match &self.command {
            Command::Override(_)
            | Command::Take(_)
            | Command::Temporary(_)
            | Command::Swap(_)
            | Command::Accept(_)
            | Command::Withdraw(_) => true,
            Command::Handoff(handed) => handed.is_change(),
            Command::Now(_)
            | Command::Next(_)
            | Command::Schedule { .. }
            | Command::Overrides { .. }
            | Command::Ical { .. } => false,
        }
    }

    pub(super) async fn run(&self, global: &Global) -> Result<ExitCode> {
        let session = Session::prepare(global);
        session.tell_problems();
        let answered = match &self.command {
            Command::Now(asked) => now(&session, asked).await,
            Command::Next(asked) => next(&session, asked).await,
            Command::Schedule { schedule, from, until, output } => {
                self::schedule(&session, schedule, (from.as_deref(), until.as_deref()), *output).await
            }
            Command::Override(asked) => asked.run(&session).await,
            Command::Take(asked) => asked.run(&session).await,
            Command::Temporary(asked) => asked.run(&session).await,
            Command::Swap(asked) => asked.run(&session).await,
            Command::Accept(asked) => asked.accept(&session).await,
            Command::Withdraw(asked) => asked.withdraw(&session).await,
            Command::Overrides { schedule, output } => changes::list(&session, schedule, *output).await,
            Command::Handoff(asked) => Box::pin(asked.run(&session)).await,
            Command::Ical { schedule, person, from, until } => {
                calendar(&session, schedule.as_deref(), person.as_deref(), (from.as_deref(), until.as_deref())).await
            }
        };
        match answered {
            Ok(printed) => printed.map(|()| ExitCode::SUCCESS).map_err(Into::into),
            Err((code, sentence)) => {
                note(&sentence);
                Ok(ExitCode::from(code))
            }
        }
    }
}

type Printed = std::result::Result<std::io::Result<()>, Failed>;

/// Reads the book, and the schedule that is meant where one is.
async fn read(session: &Session, only: Option<&str>) -> std::result::Result<Book, Failed> {
    let unanswered = |error: SourceError| (exit::UNKNOWN, error.sentence);
    // Far enough back for whatever may be asked.
    let book = Book::read(&session.store, Some(time::FIRST)).await.map_err(unanswered)?;
    if let Some(name) = only.filter(|name| !book.schedules.contains_key(*name)) {
        return Err((exit::USAGE, no_such(name, book.schedules.keys())));
    }
    Ok(book)
}

/// That there is no such schedule, and which there are.
pub(super) fn no_such<'n>(name: &str, known: impl Iterator<Item = &'n String>) -> String {
    let known: Vec<&str> = known.map(String::as_str).collect();
    let hint = match known.as_slice() {
        [] => "There is none yet: quarterdeck people import FILE takes [[schedule]] in.".to_owned(),
        known => format!("Use one of: {}.", known.join(", ")),
    };
    format!("There is no schedule {name:?}. {hint}")
}

/// A time as it is typed: with an offset, on the clock of a zone, or so long from now.
pub(super) fn moment(typed: &str, zone: &Zone, now: Instant) -> std::result::Result<Instant, Failed> {
    let typed = typed.trim();
    let on_clock = || time::read_civil(typed).map(|shown| zone.at_clock(shown));
    let from_now = || time::span(typed).ok().map(|length| time::within(now + length));
    time::read(typed).or_else(on_clock).or_else(from_now).ok_or_else(|| {
        let sentence = format!(
            "{typed:?} is no time. Write 2026-10-19T13:00:00Z, 2026-10-19T09:00 on the clock of {}, or how long from now: 4h.",
            zone.iana_name().unwrap_or("UTC")
        );
        (exit::USAGE, sentence)
    })
}

fn zone_of(book: &Book, schedule: Option<&str>) -> Zone {
    schedule.and_then(|name| book.schedules.get(name)).map_or(Zone::UTC, |schedule| schedule.zone.clone())
}

async fn now(session: &Session, asked: &Asked) -> Printed {
    let book = read(session, asked.schedule.as_deref()).await?;
    let at = asked_at(&book, asked)?;
    Ok(print(&book, book.on_call().now(asked.schedule.as_deref(), at), asked.output))
}

async fn next(session: &Session, asked: &Asked) -> Printed {
    let book = read(session, asked.schedule.as_deref()).await?;
    let at = asked_at(&book, asked)?;
    Ok(print(&book, book.on_call().next(asked.schedule.as_deref(), at), asked.output))
}

fn asked_at(book: &Book, asked: &Asked) -> std::result::Result<Instant, Failed> {
    let zone = zone_of(book, asked.schedule.as_deref());
    asked.at.as_deref().map_or(Ok(book.now), |at| moment(at, &zone, book.now))
}

fn print(book: &Book, holders: Vec<Holder>, output: Format) -> std::io::Result<()> {
    match output {
        Format::Json => say_json(&holders.into_iter().map(HolderLine::from).collect::<Vec<_>>()),
        Format::Table if holders.is_empty() => {
            say("Nobody is on call by any schedule: quarterdeck people import FILE takes [[schedule]] in.")
        }
        Format::Table => say(&lines::holders(&holders, |name| zone_of(book, Some(name)))),
    }
}

/// Who has each role now, for people; `None` where there is no schedule.
pub(super) fn table(book: &Book) -> Option<String> {
    let holders = book.on_call().now(None, book.now);
    (!holders.is_empty()).then(|| lines::holders(&holders, |name| zone_of(book, Some(name))))
}

/// From when until when, where either is said; not the wrong way round, and no longer than anybody plans.
fn span(
    (from, until): (Option<&str>, Option<&str>),
    (back, ahead): (i64, i64),
    zone: &Zone,
    now: Instant,
) -> std::result::Result<(Instant, Instant), Failed> {
    let from = from.map_or(Ok(time::within(now - time::days(back))), |from| moment(from, zone, now))?;
    let until = until.map_or(Ok(time::within(from + time::days(back + ahead))), |until| moment(until, zone, now))?;
    if until <= from {
        let (from, until) = (time::written(from), time::written(until));
        return Err((exit::USAGE, format!("It ends at {until}, before it begins at {from}. Give a later --until.")));
    }
    if until - from > time::days(FURTHEST) {
        return Err((
            exit::USAGE,
            "A schedule is worked out for five years at most. Give an earlier --until.".to_owned(),
        ));
    }
    Ok((from, until))
}

/// The shifts of each role of a schedule within a span.
fn roles(book: &Book, schedule: &Schedule, within: (Instant, Instant)) -> Vec<Vec<Shift>> {
    schedule.roles().into_iter().map(|role| book.on_call().shifts(schedule, role, within)).collect()
}

async fn schedule(session: &Session, name: &str, asked: (Option<&str>, Option<&str>), output: Format) -> Printed {
    let book = read(session, Some(name)).await?;
    let schedule = book.schedules.get(name).ok_or_else(|| (exit::USAGE, no_such(name, book.schedules.keys())))?;
    let within = span(asked, (0, SHOWN), &schedule.zone, book.now)?;
    let roles = roles(&book, schedule, within);
    Ok(match output {
        Format::Json => say_json(&ScheduleDocument::of(&roles)),
        Format::Table => say(&lines::shifts(schedule, &roles)),
    })
}

/// What `quarterdeck plan` means by the name of a schedule.
///
/// # Errors
/// The exit code and the sentence.
pub(super) fn meant(session: &Session, targets: &[String]) -> std::result::Result<Subject, Failed> {
    let [name] = targets else {
        return Err((exit::USAGE, "Name one schedule.".to_owned()));
    };
    let name = name.strip_prefix("schedule/").unwrap_or(name).to_owned();
    Ok(Subject::Schedule(ScheduleRef { environment: session.environment.name.clone(), name }))
}

async fn calendar(
    session: &Session,
    only: Option<&str>,
    person: Option<&str>,
    asked: (Option<&str>, Option<&str>),
) -> Printed {
    let book = read(session, only).await?;
    let (from, until) = span(asked, CALENDAR, &zone_of(&book, only), book.now)?;
    let name_of =
        |handle: &str| book.people.get(handle).map_or_else(|| handle.to_owned(), |person| person.name.clone());
    let mut events = Vec::new();
    for schedule in book.schedules.values().filter(|schedule| only.is_none_or(|only| only == schedule.name)) {
        let said = book.on_call().overrides_of(&schedule.name).iter().map(|said| said.number).max().unwrap_or(0);
        let changes = schedule.version + said;
        for role in schedule.roles() {
            // Whole shifts only: one that is cut would begin at another time each day, and be another event.
            let reach = schedule.reach(role);
            let within = (time::within(from - reach), time::within(until + reach));
            let shifts = book.on_call().shifts(schedule, role, within);
            let is_asked = |shift: &&Shift| {
                shift.from < until
                    && from < shift.until
                    && shift.from > within.0
                    && person.is_none_or(|person| shift.person.as_deref() == Some(person))
            };
            events.extend(
                shifts
                    .iter()
                    .filter(is_asked)
                    .filter_map(|shift| lines::event(&schedule.name, shift, changes, name_of)),
            );
        }
    }
    let name = only.map_or_else(|| "On call".to_owned(), |only| format!("On call: {only}"));
    let text = ical::calendar(&name, &events, book.now);
    // Its last line ends itself.
    Ok(say_whole(text.trim_end_matches('\n')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        text.parse().expect("a time")
    }

    #[test]
    fn a_time_has_an_offset_or_is_on_the_clock_of_the_schedule() {
        let york = time::NamedZone::read("EST").expect("a zone").zone;
        let now = at("2026-10-20T12:00:00Z");
        for (typed, meant) in [
            ("2026-10-19T13:00:00Z", "2026-10-19T13:00:00Z"),
            ("2026-10-19T22:00:00+09:00", "2026-10-19T13:00:00Z"),
            ("2026-10-19T09:00", "2026-10-19T13:00:00Z"),
            ("2026-11-02 09:00", "2026-11-02T14:00:00Z"),
            ("4h", "2026-10-20T16:00:00Z"),
        ] {
            assert_eq!(moment(typed, &york, now), Ok(at(meant)), "{typed}");
        }
        assert!(moment("soon", &york, now).is_err_and(|(code, why)| code == 2 && why.contains("America/New_York")));
    }

    #[test]
    fn a_span_goes_forward_and_no_further_than_anybody_plans() {
        let now = at("2026-10-20T12:00:00Z");
        let asked = |from, until| span((from, until), (0, 28), &Zone::UTC, now);
        assert_eq!(asked(None, None), Ok((now, at("2026-11-17T12:00:00Z"))));
        assert!(asked(Some("2026-10-20"), Some("2026-10-20")).is_err());
        assert!(asked(Some("2026-10-20"), Some("2046-10-20")).is_err_and(|(code, _)| code == 2));
    }
}
