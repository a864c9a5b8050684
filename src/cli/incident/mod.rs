//! `quarterdeck incident`: incidents from a shell.
//!
//! Each command that changes one is the plan of the catalogue, confirmed by being typed: the same gate, the same journal, one transaction.

mod action;
mod asked;
mod figures;
mod lines;
mod measured;
mod report;

use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use color_eyre::eyre::Result;

use self::action::carry_out;
use self::lines::{Line, table};
use super::oncall::Book;
use super::output::{note, say, say_json};
use super::session::Session;
use super::{Format, Global, exit};
use crate::domain::incident::Incident as Fact;
use crate::domain::store::{INCIDENTS_BELOW, INCIDENTS_STANDING, incident_of, standing};
use crate::sources::error::SourceError;
use crate::sources::store::port::ReadStore;

pub(super) use self::lines::{Line as IncidentLine, exit_codes, notices, table as incident_table};

/// The most incidents that are listed.
const MOST: u32 = 10_000;

#[derive(Debug, Args)]
pub(super) struct Incident {
    #[command(subcommand)]
    command: Command,
}

/// What every command that changes an incident takes.
#[derive(Debug, Clone, Default, Args)]
struct Doing {
    /// Who does it, where you only write it down; both of you are recorded.
    #[arg(long = "as", value_name = "HANDLE")]
    on_behalf_of: Option<String>,
    /// Why; it stands in the timeline.
    #[arg(long, value_name = "WORDS")]
    reason: Option<String>,
    /// The form of the answer.
    #[arg(long, short, value_enum, default_value_t)]
    output: Format,
}

/// How a report is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Written {
    /// For people, and for whatever shows Markdown.
    #[default]
    Markdown,
    /// For programs.
    Json,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Declare an incident; its clock runs from now. It pages nobody.
    Declare(Box<Declare>),
    /// The incidents that are open, newest first.
    List {
        /// Those that are over too.
        #[arg(long)]
        all: bool,
        /// The form of the answer.
        #[arg(long, short, value_enum, default_value_t)]
        output: Format,
    },
    /// Say that you are on it. Exit code 3 where somebody was first, with who it was.
    Ack {
        /// The incident's number.
        number: u64,
        #[command(flatten)]
        doing: Doing,
    },
    /// Write something down in the timeline.
    Note {
        /// The incident's number.
        number: u64,
        /// What; - reads standard input.
        text: String,
        /// When it happened, as 2026-11-24T03:07:00Z, or how long ago: 10m.
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
        #[command(flatten)]
        doing: Doing,
    },
    /// Give it to somebody, or take a role. It acknowledges nothing.
    Assign {
        /// The incident's number.
        number: u64,
        /// To whom; without a role and without a name, to nobody.
        #[arg(value_name = "HANDLE")]
        person: Option<String>,
        /// The same as an option.
        #[arg(long, value_name = "HANDLE", conflicts_with = "person")]
        to: Option<String>,
        /// The role: commander, deputy, scribe, communications.
        #[arg(long, value_name = "ROLE")]
        role: Option<String>,
        /// Take the role from whoever has it.
        #[arg(long, requires = "role")]
        take_over: bool,
        #[command(flatten)]
        doing: Doing,
    },
    /// Have the next level of its ladder called now, without waiting for its time.
    Escalate {
        /// The incident's number.
        number: u64,
        #[command(flatten)]
        doing: Doing,
    },
    /// Ask somebody to help: they are called, and acknowledge their own page alone.
    AddResponder {
        /// The incident's number.
        number: u64,
        /// Whom.
        #[arg(value_name = "HANDLE")]
        person: String,
        #[command(flatten)]
        doing: Doing,
    },
    /// Give it to somebody who is called for it; the ladder begins with them.
    Reassign {
        /// The incident's number.
        number: u64,
        /// To whom.
        #[arg(value_name = "HANDLE")]
        person: String,
        #[command(flatten)]
        doing: Doing,
    },
    /// Have nobody called for it until a time; its ladder begins again then.
    Snooze {
        /// The incident's number.
        number: u64,
        /// Until when, as 2026-11-24T03:07:00Z, or for how long: 2h.
        #[arg(long, value_name = "TIME", visible_alias = "for")]
        until: String,
        #[command(flatten)]
        doing: Doing,
    },
    /// Change the severity.
    Severity {
        /// The incident's number.
        number: u64,
        /// sev1, sev2, sev3 or sev4.
        severity: String,
        #[command(flatten)]
        doing: Doing,
    },
    /// Move the response to a phase.
    Phase {
        /// The incident's number.
        number: u64,
        /// detection, triage, communication, resolution or post-incident.
        phase: String,
        #[command(flatten)]
        doing: Doing,
    },
    /// Tick an item of the checklist.
    Tick {
        /// The incident's number.
        number: u64,
        /// The item, by its id.
        item: String,
        /// It is not done after all.
        #[arg(long)]
        undone: bool,
        #[command(flatten)]
        doing: Doing,
    },
    /// Say what it is about.
    Link {
        /// The incident's number.
        number: u64,
        /// service/NAME, alert/NAME, deployment/NAME, database/NAME or incident/NUMBER.
        what: String,
        #[command(flatten)]
        doing: Doing,
    },
    /// Say what it is not about.
    Unlink {
        /// The incident's number.
        number: u64,
        /// As it was linked.
        what: String,
        #[command(flatten)]
        doing: Doing,
    },
    /// Let it go on as a part of another; for 10 minutes that can be taken back.
    Merge {
        /// The incident's number.
        number: u64,
        /// The number of the other.
        #[arg(value_name = "INTO", required_unless_present = "into_option")]
        into: Option<u64>,
        /// The same as an option.
        #[arg(long = "into", id = "into_option", value_name = "NUMBER", conflicts_with = "into")]
        into_option: Option<u64>,
        #[command(flatten)]
        doing: Doing,
    },
    /// Take a merge back.
    Unmerge {
        /// The incident's number.
        number: u64,
        #[command(flatten)]
        doing: Doing,
    },
    /// Note what those who wait were told. It sends nothing.
    Update {
        /// The incident's number.
        number: u64,
        /// What they were told; - reads standard input.
        text: String,
        /// customers, internal or stakeholders.
        #[arg(long, value_name = "AUDIENCE", default_value = "internal")]
        audience: String,
        #[command(flatten)]
        doing: Doing,
    },
    /// Write down what is to be done later, and by whom.
    FollowUp {
        /// The incident's number.
        number: u64,
        /// What; - reads standard input.
        text: String,
        /// By whom.
        #[arg(long, value_name = "HANDLE")]
        owner: String,
        /// By when, as 2026-12-24.
        #[arg(long, value_name = "DAY")]
        due: Option<String>,
        #[command(flatten)]
        doing: Doing,
    },
    /// It is over.
    Resolve {
        /// The incident's number.
        number: u64,
        #[command(flatten)]
        doing: Doing,
    },
    /// It is not over.
    Reopen {
        /// The incident's number.
        number: u64,
        #[command(flatten)]
        doing: Doing,
    },
    /// The report: times, roles, timeline, actions, what is to be done.
    Report {
        /// The incident's number.
        number: u64,
        /// Roles in place of names.
        #[arg(long)]
        blameless: bool,
        /// The form of the answer.
        #[arg(long, short, value_enum, default_value_t)]
        output: Written,
    },
    /// How long incidents took to be seen, answered and resolved, and the time between failures.
    Figures {
        /// Of how many days.
        #[arg(long, value_name = "DAYS", default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=3_650))]
        days: u16,
        /// The form of the answer.
        #[arg(long, short, value_enum, default_value_t)]
        output: Format,
    },
}

/// What is declared.
#[derive(Debug, Args)]
struct Declare {
    /// What is wrong, in a line.
    #[arg(long, value_name = "TITLE")]
    title: String,
    /// sev1: a service is down, 15 min; sev2: a major function, 1 h; sev3: a part of a function, 4 h; sev4: minor, 24 h.
    #[arg(long, value_name = "SEVERITY")]
    severity: String,
    /// A service that is hit; may be repeated.
    #[arg(long, value_name = "SERVICE")]
    service: Vec<String>,
    /// The team whose it is.
    #[arg(long, value_name = "TEAM")]
    team: Option<String>,
    /// How it was found: monitoring, user-report or external-monitoring.
    #[arg(long, value_name = "SOURCE")]
    source: Option<String>,
    /// Who is hit, and how.
    #[arg(long, value_name = "WORDS")]
    impact: Option<String>,
    /// Since when it hurts, as 2026-11-24T03:07:00Z, or for how long: 10m.
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// What it is about: alert/NAME, deployment/NAME, …; may be repeated.
    #[arg(long, value_name = "KIND/NAME")]
    link: Vec<String>,
    /// Who declares it, where you only write it down; both of you are recorded.
    #[arg(long = "as", value_name = "HANDLE")]
    on_behalf_of: Option<String>,
    /// The form of the answer: a script goes on with the number.
    #[arg(long, short, value_enum, default_value = "json")]
    output: Format,
}

impl Incident {
    pub(super) async fn run(&self, global: &Global) -> Result<ExitCode> {
        let session = Session::prepare(global);
        session.tell_problems();
        if global.environment.is_some()
            && let Some(doubt) = session.doubt()
        {
            note(doubt);
            return Ok(ExitCode::from(exit::USAGE));
        }
        match &self.command {
            Command::List { all, output } => list(&session, *all, *output).await,
            Command::Report { number, blameless, output } => {
                report::run(&session, *number, *blameless, *output == Written::Json).await
            }
            Command::Figures { days, output } => figures::run(&session, *days, *output).await,
            changing => {
                let (asked, output) = match changing.asked(&session) {
                    Ok(asked) => asked,
                    Err(sentence) => {
                        note(&sentence);
                        return Ok(ExitCode::from(exit::USAGE));
                    }
                };
                let (number, words) = match carry_out(&session, &asked).await {
                    Ok(done) => done,
                    Err((code, sentence)) => {
                        note(&sentence);
                        return Ok(ExitCode::from(code));
                    }
                };
                match output {
                    Format::Table => say(&words)?,
                    Format::Json => match one(&session, number).await {
                        Ok((incident, now)) => {
                            let book = book(&session).await;
                            say_json(&Line::of(&incident, now).escalated(book.ladder(&incident, session.services())))?;
                        }
                        Err(error) => {
                            note(&format!("{words} It cannot be read again: {}", error.sentence));
                            return Ok(ExitCode::from(exit::UNKNOWN));
                        }
                    },
                }
                Ok(ExitCode::SUCCESS)
            }
        }
    }
}

/// The incident that `quarterdeck plan` means: the one of a number, or the new one of an action that declares one.
///
/// # Errors
/// The exit code and the sentence.
pub(super) async fn meant(
    session: &Session,
    action: &dyn crate::actions::Action,
    targets: &[String],
) -> Result<crate::domain::subject::Subject, (u8, String)> {
    let is_new = action.takes("title");
    let number = match (targets, is_new) {
        ([], true) => 0,
        ([number], false) => {
            let number = number.strip_prefix("incident/").unwrap_or(number);
            let wrong = |_| (exit::USAGE, format!("{number:?} is no number of an incident."));
            number.parse::<u64>().map_err(wrong)?
        }
        (_, true) => return Err((exit::USAGE, "A new incident has no number: name no target.".to_owned())),
        (_, false) => return Err((exit::USAGE, "Name one incident by its number.".to_owned())),
    };
    action::subject(session, number).await
}

/// An incident, and the store's time.
async fn one(session: &Session, number: u64) -> Result<(Fact, crate::domain::time::Instant), SourceError> {
    let now = session.store.standing().await?.now;
    let found: Option<Fact> = session.store.get(&incident_of(number)).await?;
    found.map(|incident| (incident, now)).ok_or_else(|| action::not_there(number))
}

/// Who is on call; where that cannot be read it is said, and nobody is.
async fn book(session: &Session) -> Book {
    Book::read(&session.store, None).await.unwrap_or_else(|error| {
        note(&format!("Who is on call cannot be read: {}", error.sentence));
        Book::default()
    })
}

/// Says what the store cannot answer.
fn unanswered(error: &SourceError) -> ExitCode {
    note(&error.sentence);
    ExitCode::from(action::code_of(error))
}

async fn list(session: &Session, is_all: bool, output: Format) -> Result<ExitCode> {
    let read = async {
        let now = session.store.standing().await?.now;
        let incidents: Vec<Fact> = if is_all {
            session.store.list(INCIDENTS_BELOW, vec![u64::MAX.into()], MOST).await?
        } else {
            session.store.list(INCIDENTS_STANDING, vec![standing(true).into()], MOST).await?
        };
        Ok((incidents, now))
    };
    let (incidents, now) = match read.await {
        Ok(read) => read,
        Err(error) => return Ok(unanswered(&error)),
    };
    match output {
        Format::Json => {
            let book = book(session).await;
            let line = |one| Line::of(one, now).among(one, &incidents).escalated(book.ladder(one, session.services()));
            say_json(&incidents.iter().map(line).collect::<Vec<_>>())?;
        }
        Format::Table => say(&table(&incidents, now).unwrap_or_else(|| "No incident is open.".to_owned()))?,
    }
    Ok(ExitCode::SUCCESS)
}
