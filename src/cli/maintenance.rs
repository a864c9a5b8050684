//! `quarterdeck maintenance`: the schedule from a shell. Each command that writes is a plan of the catalogue, confirmed by being typed.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use color_eyre::eyre::Result;
use serde::Serialize;
use tokio::sync::{mpsc, watch};

use super::output::{note, say, say_json};
use super::schedule::{Listed, Within, line, lines};
use super::session::Session;
use super::{Format, Global, exit};
use crate::actions::maintenance::{named, schedule};
use crate::actions::{Action, Options};
use crate::domain::action::{Consent, Given, Phase};
use crate::domain::maintenance::budget::next_excluded;
use crate::domain::maintenance::emergency::Clock;
use crate::domain::maintenance::window::check_length;
use crate::domain::store::Changes;
use crate::domain::subject::{NamedRef, Subject, SubjectKind};
use crate::domain::time::{self, Instant, Zone};
use crate::sources::store::port::ReadStore;

#[derive(Debug, Args)]
pub(super) struct Maintenance {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The windows between two times, with what they overlap; else of the next 60 days.
    List {
        #[command(flatten)]
        within: Within,
        /// The form of the answer.
        #[arg(long, short, value_enum, default_value_t)]
        output: Format,
    },
    /// Plan a window, again and again or once; one of the same name is replaced.
    Add(Add),
    /// Let one occurrence begin at another time.
    Move {
        /// The window.
        name: String,
        /// The occurrence, by the time it begins.
        #[arg(long, value_name = "TIME")]
        occurrence: String,
        /// When it begins instead.
        #[arg(long, value_name = "TIME")]
        to: String,
        #[command(flatten)]
        how: How,
    },
    /// Call one occurrence off.
    Cancel {
        /// The window.
        name: String,
        /// The occurrence, by the time it begins; not needed for a window that comes once.
        #[arg(long, value_name = "TIME")]
        occurrence: Option<String>,
        /// Take the window itself out of the schedule.
        #[arg(long, conflicts_with = "occurrence")]
        window: bool,
        #[command(flatten)]
        how: How,
    },
    /// Begin an occurrence now: the one that runs by the clock, or the next within a day.
    Start(Now),
    /// Say that an occurrence is over.
    Finish(Now),
    /// Say that a periodic task was done.
    Tick {
        /// The task: see `maintenance tasks`.
        task: String,
        /// What there is to say of it.
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
        /// The form of the answer.
        #[arg(long, short, value_enum, default_value_t)]
        output: Format,
    },
    /// The periodic tasks: when each was done last, and by when it is due.
    Tasks {
        /// The form of the answer.
        #[arg(long, short, value_enum, default_value_t)]
        output: Format,
    },
    /// What is due of emergencies: approval, status page, users, report.
    Emergencies {
        /// The form of the answer.
        #[arg(long, short, value_enum, default_value_t)]
        output: Format,
    },
    /// Which workloads are in maintenance mode, since when, by whom, until when, and what is remembered of them.
    Modes {
        /// The form of the answer.
        #[arg(long, short, value_enum, default_value_t)]
        output: Format,
    },
    /// Let nothing new go out before a release, or until a time.
    Freeze(super::freezing::Freeze),
    /// Take a freeze back.
    Thaw {
        /// The freeze.
        name: String,
        #[command(flatten)]
        how: How,
    },
    /// The freezes, with their dates.
    Freezes {
        /// The form of the answer.
        #[arg(long, short, value_enum, default_value_t)]
        output: Format,
    },
    /// The schedule as an iCalendar document.
    Ical {
        #[command(flatten)]
        within: Within,
    },
}

/// What every command that writes takes.
#[derive(Debug, Clone, Args)]
pub(super) struct How {
    /// Why; it is on the record.
    #[arg(long, value_name = "TEXT")]
    pub(super) reason: Option<String>,
    /// The form of the answer.
    #[arg(long, short, value_enum, default_value_t)]
    pub(super) output: Format,
}

#[derive(Debug, Args)]
struct Now {
    /// The window.
    name: String,
    /// The occurrence, by the time it begins.
    #[arg(long, value_name = "TIME")]
    occurrence: Option<String>,
    #[command(flatten)]
    how: How,
}

#[derive(Debug, Args)]
struct Add {
    /// Its name.
    #[arg(long, value_name = "NAME")]
    name: String,
    /// When it comes again: minute, hour, day of the month, month, weekday, such as '30 2 * * SUN#2'.
    #[arg(long, value_name = "FIELDS", conflicts_with = "at")]
    cron: Option<String>,
    /// On whose clock, such as Europe/Berlin; else UTC.
    #[arg(long, value_name = "ZONE")]
    zone: Option<String>,
    /// When it comes, once.
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// How long it lasts: 30m, 2h.
    #[arg(long = "for", value_name = "LENGTH")]
    lasts: Option<String>,
    /// When it ends, in place of how long it lasts; for a window that comes once.
    #[arg(long, value_name = "TIME", conflicts_with_all = ["lasts", "cron"], requires = "at")]
    until: Option<String>,
    /// The service it is of; else every one.
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
    /// Users are without the service meanwhile.
    #[arg(long)]
    downtime: bool,
    /// What is done in it, parted by commas.
    #[arg(long, value_name = "LIST")]
    activities: Option<String>,
    /// Why it does not wait, and begins now unless --at says when: vulnerability, corruption, degradation or compliance.
    #[arg(long, value_name = "TRIGGER", conflicts_with = "cron")]
    emergency: Option<String>,
    /// The form of the answer.
    #[arg(long, short, value_enum, default_value_t)]
    output: Format,
}

/// The document of `add --output json`: a contract.
#[derive(Debug, Serialize)]
struct Added {
    next: Vec<Instant>,
    excluded_seconds: i64,
    excluded_why: String,
    /// What is due of an emergency.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    clocks: Vec<Clock>,
}

impl Maintenance {
    /// Whether it writes, so that what was journalled is taken over.
    pub(super) const fn writes(&self) -> bool {
        !matches!(
            self.command,
            Command::List { .. }
                | Command::Emergencies { .. }
                | Command::Modes { .. }
                | Command::Tasks { .. }
                | Command::Freezes { .. }
                | Command::Ical { .. }
        )
    }

    pub(super) async fn run(&self, global: &Global) -> Result<ExitCode> {
        let session = Session::prepare(global);
        session.tell_problems();
        match &self.command {
            Command::List { within, output } => super::schedule::list(&session, within, *output).await,
            Command::Ical { within } => super::schedule::calendar(&session, within).await,
            Command::Tasks { output } => super::tasks::list(&session, *output).await,
            Command::Emergencies { output } => super::emergencies::list(&session, *output).await,
            Command::Modes { output } => Box::pin(super::modes::list(&session, global, *output)).await,
            Command::Freezes { output } => super::freezing::list(&session, *output).await,
            Command::Add(add) => add.run(&session).await,
            Command::Move { name, occurrence, to, how } => {
                let given = Given::default().with("occurrence", occurrence.as_str()).with("begins", to.as_str());
                changed(&session, ("move-window", name), given, how).await
            }
            Command::Cancel { name, occurrence, window, how } => {
                let given = with(Given::default(), "occurrence", occurrence.as_ref());
                let given = if *window { given.with("window", true) } else { given };
                changed(&session, ("cancel-window", name), given, how).await
            }
            Command::Start(now) => {
                let given = with(Given::default(), "occurrence", now.occurrence.as_ref());
                changed(&session, ("start-window", &now.name), given, &now.how).await
            }
            Command::Finish(now) => {
                let given = with(Given::default(), "occurrence", now.occurrence.as_ref());
                changed(&session, ("finish-window", &now.name), given, &now.how).await
            }
            Command::Tick { task, note, output } => super::tasks::tick(&session, task, note.as_ref(), *output).await,
            Command::Freeze(freeze) => freeze.run(&session).await,
            Command::Thaw { name, how } => {
                let acted = act(&session, ("thaw", name), Given::default(), how.reason.as_ref()).await;
                super::freezing::told(&session, acted, how.output).await
            }
        }
    }
}

pub(super) fn with(given: Given, field: &str, value: Option<&String>) -> Given {
    match value {
        Some(value) => given.with(field, value.as_str()),
        None => given,
    }
}

/// What the store says, or the shipped schedule with the reason why it is no more.
pub(super) async fn heard(session: &Session) -> (Changes, Option<String>) {
    match session.store.changes(0).await {
        Ok(changes) => (changes, None),
        Err(error) => (Changes { now: session.now(), ..Changes::default() }, Some(error.sentence)),
    }
}

/// Says what is wrong with the command line.
pub(super) fn usage(words: &str) -> ExitCode {
    note(words);
    ExitCode::from(exit::USAGE)
}

/// The exit code of what was read: 3 where the store did not answer, which is said.
pub(super) fn read(trouble: Option<&String>) -> ExitCode {
    let Some(why) = trouble else { return ExitCode::SUCCESS };
    note(&format!("The store does not answer: what people planned is not shown, only what is shipped. {why}"));
    ExitCode::from(3)
}

/// What an action of maintenance is on, by its name; `None` for an action on something else.
pub(super) fn subject(action: &dyn Action) -> Option<fn(NamedRef) -> Subject> {
    match action.about().on {
        SubjectKind::Window => Some(Subject::Window),
        SubjectKind::Task => Some(Subject::Task),
        SubjectKind::Freeze => Some(Subject::Freeze),
        _ => None,
    }
}

/// Plans an action on what stands in the store by a name, and carries it out: the exit code where it came to nothing.
pub(super) async fn act(
    session: &Session,
    (action, name): (&str, &str),
    given: Given,
    reason: Option<&String>,
) -> Result<(), ExitCode> {
    let action = session.catalog.named(action).ok_or(ExitCode::from(exit::USAGE))?;
    let subject = named(&session.environment.name, name);
    let subject = self::subject(action).map_or_else(|| Subject::Window(subject.clone()), |of| of(subject.clone()));
    let (_leave, leaving) = watch::channel(false);
    let executor = session.local(leaving);
    let options = Options { given, ..Options::default() };
    let plan = executor.planner.plan(action, &[subject], &options).await.map_err(|error| {
        note(&error.sentence);
        ExitCode::from(exit::REFUSED)
    })?;
    if !plan.is_applicable() {
        plan.refusals.iter().for_each(|why| note(&format!("refused: {why}")));
        return Err(ExitCode::from(exit::REFUSED));
    }
    plan.targets.iter().flat_map(|target| &target.warnings).for_each(|warning| note(warning));
    // It was typed: that confirms what needs no more than Enter on the screen.
    let consent = Consent { typed: plan.confirmation.word.clone(), reason: reason.cloned() };
    // Whoever typed it hears how it ends, and nothing before.
    let (events, _) = mpsc::channel(1);
    let run = executor.execute(&plan, &consent, &events).await;
    if run.phase == Phase::Done {
        return Ok(());
    }
    let words = run.targets.iter().map(|target| target.words.as_str()).collect::<Vec<_>>().join(" ");
    note(&format!("{}: {}", run.phase.word(), run.reason.as_deref().unwrap_or(&words)));
    Err(exit::of(run.phase))
}

/// Carries an action on an occurrence out, and says what it is then.
async fn changed(session: &Session, (action, name): (&str, &String), given: Given, how: &How) -> Result<ExitCode> {
    if let Err(code) = act(session, (action, name), given.clone(), how.reason.as_ref()).await {
        return Ok(code);
    }
    let (changes, trouble) = heard(session).await;
    let (schedule, now) = (schedule(&changes), changes.now);
    let last = schedule.window(name).and_then(|window| {
        let typed = given.text("begins").or(given.text("occurrence")).and_then(|text| window.zone.time(text).ok());
        let named = typed.and_then(|at| schedule.occurrence(name, at, now).ok());
        named.or_else(|| schedule.last_changed(name, now))
    });
    let found = lines(&schedule, &last.into_iter().collect::<Vec<_>>(), now);
    match how.output {
        Format::Json => say_json(&Listed { windows: found.into_iter().map(line).collect() })?,
        Format::Table => match found.first() {
            Some((one, _)) => {
                let (start, end) = (one.window.zone.shown(one.start), one.window.zone.shown(one.end));
                say(&format!("{name}: {}, {start} until {end}.", one.state.word()))?;
            }
            None => say(&format!("{name} is out of the schedule."))?,
        },
    }
    Ok(read(trouble.as_ref()))
}

impl Add {
    async fn run(&self, session: &Session) -> Result<ExitCode> {
        let lasts = match self.length() {
            Ok(lasts) => lasts,
            Err(words) => return Ok(usage(&words)),
        };
        // What does not wait begins at once.
        let begins = || self.emergency.as_ref().map(|_| time::written(session.now()));
        let at = self.at.clone().or_else(begins);
        let mut given = Given::default();
        for (field, value) in [
            ("cron", &self.cron),
            ("zone", &self.zone),
            ("at", &at),
            ("emergency", &self.emergency),
            ("for", &lasts),
            ("service", &self.service),
            ("activities", &self.activities),
        ] {
            given = with(given, field, value.as_ref());
        }
        if self.downtime {
            given = given.with("downtime", true);
        }
        if let Err(code) = act(session, ("add-window", &self.name), given, None).await {
            return Ok(code);
        }
        let (changes, trouble) = heard(session).await;
        let (schedule, now) = (schedule(&changes), changes.now);
        let Some(window) = schedule.window(&self.name) else { return Ok(read(trouble.as_ref())) };
        let next = window.next(now, 3);
        let (excluded_seconds, excluded_why) = next_excluded(&schedule, window, now);
        match self.output {
            Format::Json => {
                let clocks = window.clocks();
                say_json(&Added { next, excluded_seconds, excluded_why, clocks })?;
            }
            Format::Table => {
                let next: Vec<String> = next.into_iter().map(|at| window.zone.shown(at)).collect();
                let next = if next.is_empty() { "it comes once, and has begun".to_owned() } else { next.join(", ") };
                say(&format!("{}: planned. Next: {next}.", self.name))?;
                say(&format!("{excluded_seconds} s of the next one do not count. {excluded_why}"))?;
                for clock in window.clocks() {
                    say(&format!("{}: due {}.", clock.what, window.zone.shown(clock.due)))?;
                }
            }
        }
        Ok(read(trouble.as_ref()))
    }

    /// How long it lasts, as a field takes it.
    fn length(&self) -> Result<Option<String>, String> {
        if let (Some(until), Some(at)) = (&self.until, &self.at) {
            let zone = self.zone.as_ref().map_or(Ok(Zone::UTC), |zone| Zone::meant(zone).map(|(zone, _)| zone))?;
            let (at, until) = (zone.time(at)?, zone.time(until)?);
            if until <= at {
                return Err(format!(
                    "It ends before it begins: {} is not later than {}. Nothing was written. Give a later end.",
                    zone.shown(until),
                    zone.shown(at)
                ));
            }
            check_length(until - at)?;
            return Ok(Some(format!("{}s", (until - at).num_seconds())));
        }
        let Some(typed) = self.lasts.as_deref().map(str::trim) else { return Ok(None) };
        let is_none = typed.trim_end_matches(['s', 'm', 'h', 'd']).parse::<u32>() == Ok(0);
        let lasts = if is_none {
            time::seconds(0)
        } else {
            time::span(typed).map_err(|why| format!("{why}. Nothing was written."))?
        };
        check_length(lasts).map(|()| Some(typed.to_owned()))
    }
}
