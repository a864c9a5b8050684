//! The versions of the store's tables, counted for each subject, embedded in the program and applied in order.
//!
//! Versions up to 2 were counted for the whole store. Where such a store is found, its tables are taken for what they are; the count is
//! kept, so that a console from then says that the store is newer.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::backend::{Row, Value};
use crate::domain::store::fact::{Migration, Migrations, Registered};
use crate::domain::store::hex;
use crate::sources::error::{SourceError, Trouble};

/// The audit's own tables, before those of any fact.
pub(super) const AUDIT: &Migrations = &Migrations {
    subject: "audit",
    steps: &[
        Migration::both(include_str!("../../../assets/migrations/audit/0001-lines.sql")),
        Migration {
            postgres: include_str!("../../../assets/migrations/audit/0002-append-only.postgres.sql"),
            sqlite: Some(include_str!("../../../assets/migrations/audit/0002-append-only.sqlite.sql")),
        },
        Migration {
            postgres: include_str!("../../../assets/migrations/audit/0003-attempts.postgres.sql"),
            sqlite: Some(include_str!("../../../assets/migrations/audit/0003-attempts.sqlite.sql")),
        },
    ],
};

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// PostgreSQL.
    Postgres,
    /// SQLite.
    Sqlite,
}

/// A version of the whole store, from when they were counted so: its digest in PostgreSQL and in SQLite, and the versions of subjects
/// that its tables are.
struct Whole(&'static str, &'static str, &'static [(&'static str, u64)]);

const WHOLE: [Whole; 2] = [
    Whole(
        "bb7f3bc17ec5c759db6e37430e29b1b99e82ef78b8cf9155fab28865b922e78e",
        "04cc066840251b0a4b7386f1ad286c398206b5cd25c382e704895281578a7ce0",
        &[("audit", 2), ("acknowledgement", 1), ("note", 1), ("annotation", 1), ("release", 1)],
    ),
    Whole(
        "8088efa71bf0921090059eb0793d20be8d0fd8a40dc65f9d25e4ead648c06831",
        "ee842c26eb089ca2da13d98c8dec64ff5d4df30f26031334ca4cb4be6971c24e",
        &[("audit", 2), ("acknowledgement", 1), ("note", 2), ("annotation", 1), ("release", 1)],
    ),
];

/// The versions' own tables.
pub(super) const VERSIONS: &str = "
create table if not exists quarterdeck.migration (
  version bigint primary key,
  digest text not null,
  applied_at timestamptz not null
);
create table if not exists quarterdeck.subject_migration (
  subject text not null,
  version bigint not null,
  digest text not null,
  applied_at timestamptz not null,
  primary key (subject, version)
);";
/// What was applied to the whole store.
pub(super) const APPLIED: &str = "select version, digest from quarterdeck.migration order by version";
/// What was applied to each subject.
pub(super) const APPLIED_TO: &str =
    "select version, digest, subject from quarterdeck.subject_migration order by subject, version";
const APPLY: &str =
    "insert into quarterdeck.migration (version, digest, applied_at) values ($1, $2, quarterdeck.store_now())";
const APPLY_TO: &str = "insert into quarterdeck.subject_migration (subject, version, digest, applied_at) values ($1, $2, $3, quarterdeck.store_now())";

/// What was applied to a store: versions and digests of the whole, and of each subject by its name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Applied {
    pub(super) whole: Vec<(u64, String)>,
    pub(super) subjects: BTreeMap<String, Vec<(u64, String)>>,
}

impl Applied {
    /// From the rows of [`APPLIED`] and [`APPLIED_TO`].
    pub(super) fn of(whole: &[Row], subjects: &[Row]) -> Self {
        let version = |row: &Row| (row.number(0).unwrap_or_default(), row.raw(1));
        let mut applied = Self { whole: whole.iter().map(version).collect(), ..Self::default() };
        for row in subjects {
            applied.subjects.entry(row.raw(2)).or_default().push(version(row));
        }
        applied
    }
}

/// How the tables stand, for whoever reads and writes them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Schema {
    /// Why nothing may be written: tables that this console needs could not be made.
    pub(super) behind: Option<SourceError>,
    /// Subjects whose tables this console does not use, and why.
    pub(super) refused: BTreeMap<&'static str, String>,
    /// Subjects that are not all there, with the version they are of, from 0.
    pub(super) missing: BTreeMap<&'static str, usize>,
}

impl Schema {
    /// Whether the facts of a subject may be read.
    pub(super) fn may_read(&self, subject: &str) -> Result<(), SourceError> {
        if let Some(why) = self.refused.get(subject) {
            return Err(SourceError::new(Trouble::Setup, why.clone()));
        }
        match &self.behind {
            Some(why) if self.missing.get(subject) == Some(&0) => Err(why.clone()),
            _ => Ok(()),
        }
    }

    /// Whether the facts of a subject may be written.
    pub(super) fn may_write(&self, subject: &str) -> Result<(), SourceError> {
        self.behind.clone().map_or_else(|| self.may_read(subject), Err)
    }

    /// Whether the audit tells which facts changed.
    pub(super) fn is_told(&self) -> bool {
        !self.missing.contains_key(AUDIT.subject)
    }

    /// What is wrong with the tables, as sentences.
    pub(super) fn troubles(&self) -> Vec<String> {
        self.behind.iter().map(|why| why.sentence.clone()).chain(self.refused.values().cloned()).collect()
    }
}

/// What is to be done to a store, statement by statement.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Todo {
    pub(super) statements: Vec<(String, Vec<Value>)>,
    pub(super) schema: Schema,
}

impl Migration {
    /// Its statements for a database.
    fn text(&self, dialect: Dialect) -> String {
        match dialect {
            Dialect::Postgres => self.postgres.to_owned(),
            Dialect::Sqlite => self.sqlite.map_or_else(|| in_sqlite(self.postgres), str::to_owned),
        }
    }
}

/// Tables and indexes in SQLite's words: times are microseconds, every table is strict.
pub(super) fn in_sqlite(text: &str) -> String {
    [
        ("quarterdeck.", ""),
        (" bigint", " integer"),
        (" timestamptz", " integer"),
        (" collate \"C\"", ""),
        ("\n);", "\n) strict;"),
    ]
    .iter()
    .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// What a migration must be wherever it was applied.
fn digest(text: &str) -> String {
    hex(Sha256::digest(text.as_bytes()).as_slice())
}

fn setup(sentence: impl Into<String>) -> SourceError {
    SourceError::new(Trouble::Setup, sentence)
}

/// What is still to be done to a store for these facts.
///
/// # Errors
/// When its audit cannot be used: it was migrated by a newer program, or comes from other statements than ours.
pub(super) fn judge(facts: &[Registered], dialect: Dialect, applied: &Applied) -> Result<Todo, SourceError> {
    let mut todo = Todo::default();
    let known = |(version, whole): (u64, &Whole)| match dialect {
        Dialect::Postgres => (version, whole.0.to_owned()),
        Dialect::Sqlite => (version, whole.1.to_owned()),
    };
    // A console from before knows the first two versions: it is told by the third that the store is newer.
    let mut marks: Vec<(u64, String)> = (1..).zip(&WHOLE).map(known).collect();
    marks.push((3, "counted by subject".to_owned()));
    let mut had = applied.subjects.clone();
    if let Some((version, _)) =
        applied.whole.iter().zip(&marks).find(|(applied, known)| applied != known).map(|(one, _)| one)
    {
        return Err(setup(format!(
            "version {version} of the store's tables was made by other statements than this console's: it is not used. Give Quarterdeck a database of its own."
        )));
    }
    if let Some((version, _)) = applied.whole.get(marks.len()) {
        return Err(setup(newer("the store's tables", *version, marks.len())));
    }
    let mut notes = Vec::new();
    let subjects = subjects(facts);
    if had.is_empty()
        && let Some(Whole(.., versions)) = applied.whole.len().checked_sub(1).and_then(|at| WHOLE.get(at))
    {
        for (subject, version) in *versions {
            let steps = subjects.iter().find(|one| one.subject == *subject).map_or(&[][..], |one| one.steps);
            for (number, step) in (1..=*version).zip(steps) {
                let digest = digest(&step.text(dialect));
                had.entry((*subject).to_owned()).or_default().push((number, digest.clone()));
                notes.push((APPLY_TO.to_owned(), vec![(*subject).into(), number.into(), digest.into()]));
            }
        }
    }
    for one in subjects {
        let had = had.get(one.subject).map_or(&[][..], Vec::as_slice);
        if let Some(why) = unusable(one, dialect, had) {
            if one.subject == AUDIT.subject {
                return Err(setup(why));
            }
            todo.schema.refused.insert(one.subject, why);
            continue;
        }
        let missing = (1_u64..).zip(one.steps).skip(had.len());
        if had.len() < one.steps.len() {
            todo.schema.missing.insert(one.subject, had.len());
        }
        for (version, step) in missing {
            let text = step.text(dialect);
            let note = vec![one.subject.into(), version.into(), digest(&text).into()];
            todo.statements.push((text, Vec::new()));
            notes.push((APPLY_TO.to_owned(), note));
        }
    }
    // The audit's tables bring the time with them: what was applied is noted once all is there.
    todo.statements.extend(notes);
    for (version, digest) in marks.into_iter().skip(applied.whole.len()) {
        todo.statements.push((APPLY.to_owned(), vec![version.into(), digest.into()]));
    }
    Ok(todo)
}

/// The subjects of these facts, each once, the audit first.
fn subjects(facts: &[Registered]) -> Vec<&'static Migrations> {
    let mut subjects = vec![AUDIT];
    for fact in facts {
        if !subjects.iter().any(|one| one.subject == fact.table.migrations.subject) {
            subjects.push(fact.table.migrations);
        }
    }
    subjects
}

/// Why the tables of a subject are not used.
fn unusable(one: &Migrations, dialect: Dialect, had: &[(u64, String)]) -> Option<String> {
    (1_u64..).zip(had).find_map(|(number, (version, known))| {
        let Some(step) = usize::try_from(number - 1).ok().and_then(|at| one.steps.get(at)) else {
            return Some(newer(&format!("the tables of {}", one.subject), *version, one.steps.len()));
        };
        (*version != number || *known != digest(&step.text(dialect))).then(|| {
            format!(
                "version {version} of the tables of {} was made by other statements than this console's: they are not used. Give Quarterdeck a database of its own.",
                one.subject
            )
        })
    })
}

fn newer(what: &str, version: u64, known: usize) -> String {
    format!(
        "{what} are of version {version} and this console knows up to {known}: it was migrated by a newer Quarterdeck. Update this console."
    )
}

/// Why a console may write nothing: it may not make the tables that are missing.
pub(super) fn not_made(place: &str) -> SourceError {
    setup(format!(
        "the store at {place} has not all of its tables yet, and this console may not make them. Start one without --read-only."
    ))
}

/// Why a console may write nothing: the tables could not be made.
pub(super) fn failed(place: &str, why: &SourceError) -> SourceError {
    SourceError {
        sentence: format!(
            "the tables of the store at {place} could not be brought to this console's version: {} The store is as it was, and this console only reads it until that is mended.",
            why.sentence
        ),
        is_certainly_not_done: true,
        ..why.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::store::facts::ALL;

    const BOTH: [Dialect; 2] = [Dialect::Postgres, Dialect::Sqlite];

    /// What stands in a store once this was done.
    fn done(applied: &Applied, todo: &Todo) -> Applied {
        let mut applied = applied.clone();
        let text = |value: &Value| if let Value::Text(Some(text)) = value { text.clone() } else { String::new() };
        let number = |value: &Value| if let Value::Number(Some(number)) = value { number.unsigned_abs() } else { 0 };
        for (statement, values) in &todo.statements {
            match statement.as_str() {
                APPLY => applied.whole.push((number(&values[0]), text(&values[1]))),
                APPLY_TO => {
                    applied.subjects.entry(text(&values[0])).or_default().push((number(&values[1]), text(&values[2])));
                }
                _ => assert!(values.is_empty(), "{statement}"),
            }
        }
        applied
    }

    fn of_before(dialect: Dialect, versions: usize) -> Applied {
        let digest = |whole: &Whole| if dialect == Dialect::Postgres { whole.0 } else { whole.1 }.to_owned();
        Applied { whole: (1..).zip(WHOLE[..versions].iter().map(digest)).collect(), ..Applied::default() }
    }

    #[test]
    fn a_new_store_and_one_of_before_come_to_the_same_and_nothing_is_done_twice() {
        for dialect in BOTH {
            let empty = Applied::default();
            let new = done(&empty, &judge(ALL, dialect, &empty).expect("a way"));
            assert_eq!(new.whole.iter().map(|(version, _)| *version).collect::<Vec<_>>(), [1, 2, 3]);
            for versions in [1, 2] {
                let before = of_before(dialect, versions);
                let todo = judge(ALL, dialect, &before).expect("a way");
                // What it has stays as it is; what came since is made.
                let had = ["audit", "acknowledgement", "note", "annotation", "release_seen"];
                let is_made = |name: &&&str| {
                    let made = [format!("create table quarterdeck.{name} ("), format!("create table {name} (")];
                    todo.statements.iter().any(|(text, _)| made.iter().any(|words| text.contains(words)))
                };
                assert_eq!(had.iter().filter(is_made).count(), 0, "{todo:?}");
                assert_eq!(done(&before, &todo), new);
            }
            let again = judge(ALL, dialect, &new).expect("a way");
            assert_eq!(again, Todo::default());
        }
    }
}
