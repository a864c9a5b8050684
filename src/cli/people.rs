//! `quarterdeck people`: who there is, from a file and into one.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use color_eyre::eyre::Result;
use serde::Serialize;

use super::oncall::Book;
use super::output::{note, say, say_json, say_whole};
use super::session::{Session, author};
use super::{Format, Global, exit};
use crate::domain::incident::Incident;
use crate::domain::oncall::escalation::Policy;
use crate::domain::oncall::file::{self as on_call, Known, Written};
use crate::domain::oncall::{Duty, Schedule};
use crate::domain::people::{self, People as Listed, Person, Team};
use crate::domain::problem::Problem;
use crate::domain::store::{
    AuditKind, Author, INCIDENTS_STANDING, ImportPeople, PEOPLE, SetPolicy, SetSchedule, TEAMS, people_event, standing,
};
use crate::sources::error::SourceError;
use crate::sources::store::new_id;
use crate::sources::store::port::{WriteError, WriteStore};

/// The longest file, in bytes.
const LONGEST: u64 = 4 * 1024 * 1024;
/// The most people, and the most teams.
const MOST: u32 = 10_000;

#[derive(Debug, Args)]
pub(super) struct People {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Put the people, teams, schedules and policies of a file into the store: what differs is changed, all of it or nothing. Who is not in
    /// the file stays, and a schedule that differs begins at its next hand-over.
    Import {
        /// The file, TOML with `[[person]]`, `[[team]]`, `[[schedule]]` and `[[policy]]`; - reads standard input.
        file: PathBuf,
        /// Who does it, where you only carry it out; both of you are recorded.
        #[arg(long = "as", value_name = "HANDLE")]
        on_behalf_of: Option<String>,
        /// The form of the answer.
        #[arg(long, short, value_enum, default_value_t)]
        output: Format,
    },
    /// Write the people and teams of the store as a file that can be imported.
    Export {
        /// The file; - writes standard output.
        file: PathBuf,
    },
}

/// What an import came to: a contract.
#[derive(Debug, Serialize)]
struct Imported<'a> {
    people_changed: Vec<&'a str>,
    teams_changed: Vec<&'a str>,
    schedules_changed: Vec<&'a str>,
    /// As team/severity.
    policies_changed: Vec<String>,
    /// How much of the file stands in the store as it is there.
    unchanged: usize,
    warnings: Vec<String>,
}

impl People {
    pub(super) async fn run(&self, global: &Global) -> Result<ExitCode> {
        let session = Session::prepare(global);
        session.tell_problems();
        match &self.command {
            Command::Import { file, on_behalf_of, output } => {
                import(&session, file, on_behalf_of.as_deref(), *output).await
            }
            Command::Export { file } => export(&session, file).await,
        }
    }
}

/// Everybody who is in the store.
async fn known(session: &Session) -> Result<Listed, SourceError> {
    let mut people: Vec<Person> = session.store.list(PEOPLE, Vec::new(), MOST).await?;
    let mut teams: Vec<Team> = session.store.list(TEAMS, Vec::new(), MOST).await?;
    people.reverse();
    teams.reverse();
    Ok(Listed { people, teams })
}

async fn import(session: &Session, file: &Path, on_behalf_of: Option<&str>, output: Format) -> Result<ExitCode> {
    if let Some(why) = session.settings.store_read_only {
        note(&format!("Nothing was written: {}", why.words()));
        return Ok(ExitCode::from(exit::REFUSED));
    }
    let text = match read(file) {
        Ok(text) => text,
        Err(sentence) => {
            note(&sentence);
            return Ok(ExitCode::from(exit::USAGE));
        }
    };
    let known = match known(session).await {
        Ok(known) => known,
        Err(error) => {
            note(&error.sentence);
            return Ok(ExitCode::from(1));
        }
    };
    let (listed, mut problems) = people::parse(file, &text, &known.people);
    let book = match Book::read(&session.store, None).await {
        Ok(book) => book,
        Err(error) => {
            note(&error.sentence);
            return Ok(ExitCode::from(1));
        }
    };
    let (on_call, wrong) = on_call::parse(file, &text, &may_be_named(&listed, &known, &book), book.now);
    problems.extend(wrong);
    let sets = Sets::of(&on_call, &book);
    problems.extend(leaving(&listed.people, &on_call, &book, file));
    if !problems.is_empty() {
        for problem in &problems {
            note(&problem.to_string());
        }
        note("Nothing was imported.");
        return Ok(ExitCode::from(exit::USAGE));
    }
    let count = listed.people.len() + listed.teams.len() + on_call.schedules.len() + on_call.policies.len();
    let mut warnings = warnings(session, &listed.people).await;
    warnings.extend(on_call.said);
    let change = ImportPeople {
        schedules: sets.schedules,
        policies: sets.policies,
        ..differing(listed, &known, file, on_behalf_of)
    };
    let author = author();
    let who = on_behalf_of.unwrap_or(&author.name);
    let written = match people::may_change(who, &change.people, &change.teams, &known.teams) {
        Err(why) => {
            tell_refused(session, &author, &why).await;
            Err(WriteError::Refused(format!("Nothing was imported: {why}")))
        }
        Ok(()) => session.store.write(&author, &new_id(&session.clock()), &change).await.map(drop),
    };
    if let Err(error) = written {
        note(&error.to_string());
        let code = match error {
            WriteError::Conflict(_) | WriteError::Refused(_) => exit::REFUSED,
            WriteError::NotWritten(_) => 1,
            WriteError::Unknown(_) => exit::UNKNOWN,
        };
        return Ok(ExitCode::from(code));
    }
    let imported = Imported {
        people_changed: change.people.iter().map(|person| person.handle.as_str()).collect(),
        teams_changed: change.teams.iter().map(|team| team.name.as_str()).collect(),
        schedules_changed: change.schedules.iter().map(|set| set.wanted.name.as_str()).collect(),
        policies_changed: change.policies.iter().map(SetPolicy::name).collect(),
        unchanged: count - change.people.len() - change.teams.len() - change.schedules.len() - change.policies.len(),
        warnings,
    };
    match output {
        Format::Json => say_json(&imported)?,
        Format::Table => {
            imported.warnings.iter().for_each(|words| note(words));
            let (people, teams) = (imported.people_changed.join(", "), imported.teams_changed.join(", "));
            let or_none = |all: String| if all.is_empty() { "none".to_owned() } else { all };
            say(&format!("people changed: {}", or_none(people)))?;
            say(&format!("teams changed: {}", or_none(teams)))?;
            let schedules = imported.schedules_changed.join(", ");
            say(&format!("schedules changed: {}", or_none(schedules)))?;
            say(&format!("policies changed: {}", or_none(imported.policies_changed.join(", "))))?;
            say(&format!("as they were: {}", imported.unchanged))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn read(file: &Path) -> Result<String, String> {
    let mut text = String::new();
    let read = if file == Path::new("-") {
        std::io::stdin().lock().take(LONGEST + 1).read_to_string(&mut text)
    } else {
        std::fs::File::open(file).and_then(|file| file.take(LONGEST + 1).read_to_string(&mut text))
    };
    let length = read.map_err(|error| format!("{} cannot be read: {error}. Nothing was imported.", file.display()))?;
    if u64::try_from(length).unwrap_or(u64::MAX) > LONGEST {
        return Err(format!("{} is longer than {LONGEST} bytes. Nothing was imported.", file.display()));
    }
    Ok(text)
}

/// What of a file is not in the store as it is there, each with the version that was seen.
fn differing(listed: Listed, known: &Listed, file: &Path, on_behalf_of: Option<&str>) -> ImportPeople {
    let person = |person: Person| match known.people.iter().find(|one| one.handle == person.handle) {
        Some(same) if same.is_same(&person) => None,
        Some(other) => Some(Person { version: other.version, ..person }),
        None => Some(person),
    };
    let team = |team: Team| match known.teams.iter().find(|one| one.name == team.name) {
        Some(same) if same.is_same(&team) => None,
        Some(other) => Some(Team { version: other.version, ..team }),
        None => Some(team),
    };
    ImportPeople {
        people: listed.people.into_iter().filter_map(person).collect(),
        teams: listed.teams.into_iter().filter_map(team).collect(),
        file: file.display().to_string(),
        on_behalf_of: on_behalf_of.map(str::to_owned),
        ..ImportPeople::default()
    }
}

/// What the file may name: what it declares, and what the store has. Who has left takes no turns.
fn may_be_named(listed: &Listed, known: &Listed, book: &Book) -> Known {
    let is_anew = |person: &&Person| !listed.people.iter().any(|other| other.handle == person.handle);
    let everybody = listed.people.iter().chain(known.people.iter().filter(is_anew));
    Known {
        people: everybody.filter(|person| !person.has_left).map(|person| person.handle.clone()).collect(),
        teams: listed.teams.iter().chain(&known.teams).map(|team| team.name.clone()).collect(),
        schedules: book.schedules.values().cloned().collect(),
        policies: book.policies.values().cloned().collect(),
    }
}

/// What of the schedules and policies of a file differs from the store, each with the version that was seen.
struct Sets {
    schedules: Vec<SetSchedule>,
    policies: Vec<SetPolicy>,
}

impl Sets {
    fn of(written: &Written, book: &Book) -> Self {
        let schedule = |wanted: &Schedule| {
            let seen = book.schedules.get(&wanted.name);
            let is_same = seen.is_some_and(|seen| seen.rewritten(wanted, book.now) == *seen);
            let seen_version = seen.map_or(0, |seen| seen.version);
            (!is_same).then(|| SetSchedule { environment: String::new(), wanted: wanted.clone(), seen_version })
        };
        let policy = |wanted: &Policy| {
            let seen = book.policies.get(&(wanted.team.clone(), wanted.severity));
            let seen_version = seen.map_or(0, |seen| seen.version);
            let is_same = seen.is_some_and(|seen| *seen == Policy { version: seen_version, ..wanted.clone() });
            (!is_same).then(|| SetPolicy { environment: String::new(), wanted: wanted.clone(), seen_version })
        };
        Self {
            schedules: written.schedules.iter().filter_map(schedule).collect(),
            policies: written.policies.iter().filter_map(policy).collect(),
        }
    }
}

/// Who is to have left and still takes turns, or is named by a policy: that would be a gap nobody sees.
fn leaving(people: &[Person], written: &Written, book: &Book, file: &Path) -> Vec<Problem> {
    let duties = book.after(written).duties();
    let left = |handle: &str| people.iter().any(|person| person.has_left && person.handle == handle);
    let of_those = duties.into_iter().filter(|duty| left(&duty.person));
    let problem = |duty: Duty| Problem {
        file: Some(file.to_path_buf()),
        line: None,
        key: Some(format!("person.{}", duty.person)),
        sentence: format!("{} would have left and is still named by {}.", duty.person, duty.of),
        fix: "Name somebody else there in the same file, or let them stay.".to_owned(),
    };
    of_those.map(problem).collect()
}

/// Whom nothing can wake, and who has left what they still hold.
async fn warnings(session: &Session, people: &[Person]) -> Vec<String> {
    let mut warnings = people::warnings(people);
    let open: Vec<Incident> =
        session.store.list(INCIDENTS_STANDING, vec![standing(true).into()], MOST).await.unwrap_or_default();
    for person in people.iter().filter(|person| person.has_left) {
        for incident in &open {
            let held =
                incident.roles.iter().filter(|(_, stamp)| stamp.by == person.handle).map(|(role, _)| role.word());
            let assigned = incident.assignee.as_deref().filter(|who| *who == person.handle).map(|_| "assignee");
            let held: Vec<&str> = held.chain(assigned).collect();
            if !held.is_empty() {
                warnings.push(format!(
                    "{} has left and is {} of {incident}: let somebody take it over: quarterdeck incident assign {} HANDLE.",
                    person.handle,
                    held.join(" and "),
                    incident.number
                ));
            }
        }
    }
    warnings
}

/// That somebody was refused is a matter of security. The refusal stands whether it could be noted or not.
async fn tell_refused(session: &Session, author: &Author, why: &str) {
    let event = people_event(AuditKind::Security, "people import refused", why.to_owned());
    if let Err(error) = session.store.note_events(author, &new_id(&session.clock()), &[event]).await {
        note(&format!("That this was refused is not in the audit: {error}"));
    }
}

async fn export(session: &Session, file: &Path) -> Result<ExitCode> {
    let known = match known(session).await {
        Ok(known) => known,
        Err(error) => {
            note(&error.sentence);
            return Ok(ExitCode::from(1));
        }
    };
    let book = match Book::read(&session.store, None).await {
        Ok(book) => book,
        Err(error) => {
            note(&error.sentence);
            return Ok(ExitCode::from(1));
        }
    };
    let on_call = on_call::written(book.schedules.values(), book.policies.values());
    let text = format!("{}\n{on_call}", people::written(&known));
    if file == Path::new("-") {
        for line in text.lines() {
            say_whole(line)?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    if let Err(error) = std::fs::write(file, text) {
        note(&format!("{} cannot be written: {error}.", file.display()));
        return Ok(ExitCode::from(1));
    }
    say(&format!("{} people and {} teams are in {}.", known.people.len(), known.teams.len(), file.display()))?;
    Ok(ExitCode::SUCCESS)
}
