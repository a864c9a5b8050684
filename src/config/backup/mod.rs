//! The sets of backups: what tells of each, when one is due and what was promised: one function per rule, each with its sentence.

mod act;
mod in_cluster;
mod more;
mod program;
#[cfg(test)]
mod tests;
mod tool;
mod values;

use std::sync::Arc;

use self::in_cluster::Made;
use self::values::{length, segment_size, words};
use crate::domain::backup::{BackupKind, BackupSet, Loss, MadeBy, Objectives, Said, Tier, ToldBy};
use crate::domain::document::{self, Entry, Problems, Table};
use crate::domain::job::Schedule;
use crate::domain::time::Instant;

pub use act::{Act, Maker as Making};
pub use in_cluster::{InCluster, Maker};
pub use more::{Git, Metrics};
pub use program::Program;
pub use tool::{Place, Tool, ToolSettings};

const KEYS: [&str; 27] = [
    "archiver",
    "pgbackrest",
    "barman",
    "walg",
    "cron_job",
    "job",
    "cloudnativepg",
    "velero",
    "git",
    "prometheus",
    "services",
    "database",
    "storage_class",
    "paths",
    "exclusions",
    "survives",
    "keep",
    "run",
    "verify",
    "kind",
    "schedule",
    "time_zone",
    "incremental_schedule",
    "rpo",
    "rto",
    "tier",
    "wal_segment_size",
];
/// When a backup is due of which nobody says it: every night at two.
const NIGHTLY: &str = "0 2 * * *";
/// The keys of what tells of a set: one of them, or none.
const SOURCES: [&str; 9] =
    ["pgbackrest", "barman", "walg", "cron_job", "job", "cloudnativepg", "velero", "git", "prometheus"];

/// A set of backups and what tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclaredBackup {
    /// The set.
    pub set: Arc<BackupSet>,
    /// What is asked about it; `None` for one whose script records its backups itself, and one that a job makes which is watched anyway.
    pub teller: Option<Teller>,
    /// The CronJob or Job that makes them, where nothing is asked.
    pub made_by: Option<MadeBy>,
    /// Whether something is named that was to tell of it and cannot be understood.
    pub is_misread: bool,
    /// Where what PostgreSQL says of its archiver is, beside what tells of the set.
    pub archiver: Option<Place>,
    /// How one is made now, where the operator said it.
    pub run: Option<Act>,
    /// How one is proven.
    pub verify: Option<Act>,
}

/// What is asked about a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Teller {
    /// A tool.
    Tool(ToolSettings),
    /// Objects of a cluster.
    InCluster(InCluster),
    /// A repository of git.
    Git(Git),
    /// Metrics.
    Metrics(Metrics),
}

impl DeclaredBackup {
    /// The set, and what tells of it.
    pub fn told_by(&self) -> (Arc<BackupSet>, ToldBy) {
        let by = match (&self.teller, &self.made_by) {
            (Some(_), _) => ToldBy::Tool,
            (None, Some(made)) => ToldBy::Jobs(made.clone()),
            (None, None) if self.is_misread => ToldBy::Misread,
            (None, None) => ToldBy::Records,
        };
        (self.set.clone(), by)
    }

    /// Whether anything of an environment's cluster is looked at for it.
    pub fn is_of_cluster(&self, environment: &str) -> bool {
        let is_asked = matches!(&self.teller, Some(Teller::InCluster(place)) if place.is_in(environment));
        is_asked || self.made_by.as_ref().is_some_and(|made| made.is_in(environment))
    }
}

/// Reads `[backup.NAME]`.
pub(super) fn backups(root: &Table<'_, '_>, environments: &[&str], problems: &mut Problems) -> Vec<DeclaredBackup> {
    let declared = root.table("backup", problems);
    let entries: Vec<_> = declared.iter().flat_map(Table::entries).collect();
    entries.iter().filter_map(|entry| backup(entry, environments, problems)).collect()
}

fn backup(entry: &Entry<'_, '_>, environments: &[&str], problems: &mut Problems) -> Option<DeclaredBackup> {
    let table = entry.table(problems)?;
    table.refuse_unknown(&KEYS, problems);
    let is_plain = entry.name.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '-' | '_' | '.'));
    if !is_plain || !(1..=60).contains(&entry.name.chars().count()) {
        problems.at(
            entry,
            "The name of a set of backups is 1 to 60 letters, digits, dashes, underscores or dots.",
            "Give it a shorter, plainer name.",
        );
        return None;
    }
    let kind = kind(&table, problems);
    let source = source(&table, environments, problems);
    let zone = table.text("time_zone", problems).map(|(zone, _)| zone);
    let nightly = Schedule::read(NIGHTLY, None).ok()?;
    let said = schedule(&table, "schedule", zone, problems);
    let incremental = schedule(&table, "incremental_schedule", zone, problems);
    let tier = table.whole("tier", 1..=3, problems).and_then(|tier| Tier::of_word(&tier.to_string()));
    let mut objectives = tier.map(Tier::objectives).unwrap_or_default();
    let rpo = length(&table, "rpo", problems);
    objectives = Objectives {
        rpo: rpo.unwrap_or(objectives.rpo),
        rto: length(&table, "rto", problems).unwrap_or(objectives.rto),
    };
    let set = BackupSet {
        name: Arc::from(entry.name),
        kind,
        is_schedule_declared: said.is_some(),
        schedule: said.unwrap_or(nightly),
        incremental,
        objectives,
        is_rpo_declared: rpo.is_some() || tier.is_some(),
        tier,
        segment_size: segment_size(&table, problems),
        said: said_of(&table, problems),
    };
    let (teller, made_by) = match source {
        Some(Told::Asked(teller)) => (Some(teller), None),
        Some(Told::Watched(made)) => (None, Some(made)),
        None => (None, None),
    };
    let run =
        act::act(&table, "run", environments, problems).or_else(|| act::derived(teller.as_ref(), made_by.as_ref()));
    let verify = act::act(&table, "verify", environments, problems);
    let acts_in = [&run, &verify].into_iter().flatten().find_map(Act::place);
    let set = BackupSet { said: Said { acts_in, ..set.said.clone() }, ..set };
    let is_named = SOURCES.into_iter().any(|key| table.entry(key).is_some());
    Some(DeclaredBackup {
        set: Arc::new(set),
        is_misread: is_named && teller.is_none() && made_by.is_none(),
        teller,
        made_by,
        archiver: tool::archiver(&table, problems),
        run,
        verify,
    })
}

/// What tells of a set.
enum Told {
    /// It is asked.
    Asked(Teller),
    /// It is among what is watched.
    Watched(MadeBy),
}

/// What tells of a set; where several are named, the first that is understood.
fn source(table: &Table<'_, '_>, environments: &[&str], problems: &mut Problems) -> Option<Told> {
    let tool = tool::tool(table, problems).map(|tool| Told::Asked(Teller::Tool(tool)));
    let made = in_cluster::made(table, environments, problems).map(|made| match made {
        Made::Named(made) => Told::Watched(made),
        Made::Asked(place) => Told::Asked(Teller::InCluster(place)),
    });
    let git = more::git(table, problems).map(|git| Told::Asked(Teller::Git(git)));
    let metrics = more::metrics(table, environments, problems).map(|one| Told::Asked(Teller::Metrics(one)));
    let mut named = SOURCES.into_iter().filter_map(|key| table.entry(key));
    if let (Some(first), Some(second)) = (named.next(), named.next())
        && (table.entry("git").is_some() || table.entry("prometheus").is_some())
    {
        problems.at(
            &second,
            format!("{} is there too: one of the two tells of a set.", first.name),
            "Give one of them a [backup.NAME] of its own.",
        );
    }
    [tool, made, git, metrics].into_iter().flatten().next()
}

/// What the operator says of it that nothing proves.
fn said_of(table: &Table<'_, '_>, problems: &mut Problems) -> Said {
    let text = |key: &str, problems: &mut Problems| table.text(key, problems).map(|(text, _)| Arc::from(text));
    Said {
        services: words(table, "services", problems),
        database: text("database", problems),
        storage_class: text("storage_class", problems),
        paths: words(table, "paths", problems),
        exclusions: words(table, "exclusions", problems),
        survives: survives(table, problems),
        keep: length(table, "keep", problems),
        acts_in: None,
    }
}

/// The losses that a copy survives. The loss of the database alone is none of them: every backup is made for that.
fn survives(table: &Table<'_, '_>, problems: &mut Problems) -> Option<Arc<[Loss]>> {
    let entry = table.entry("survives")?;
    let known = [Loss::Node, Loss::Zone, Loss::Region];
    let mut survived = Vec::new();
    for (word, place) in entry.texts(problems)? {
        match Loss::of_word(word).filter(|loss| known.contains(loss)) {
            Some(loss) => survived.push(loss),
            None => problems.at(
                &place,
                format!("{word:?} is nothing that is lost as a whole."),
                document::did_you_mean(word, &known.map(Loss::word)),
            ),
        }
    }
    Some(survived.into())
}

fn kind(table: &Table<'_, '_>, problems: &mut Problems) -> BackupKind {
    let whole: Vec<&str> = BackupKind::ALL.into_iter().filter(|kind| kind.is_whole()).map(BackupKind::word).collect();
    let unsaid = if table.entry("git").is_some() { BackupKind::Configuration } else { BackupKind::Full };
    let Some((word, place)) = table.text("kind", problems) else { return unsaid };
    BackupKind::of_word(word).filter(|kind| kind.is_whole()).unwrap_or_else(|| {
        problems.at(&place, format!("There is no kind {word:?} of a set."), document::did_you_mean(word, &whole));
        BackupKind::Full
    })
}

fn schedule(table: &Table<'_, '_>, key: &str, zone: Option<&str>, problems: &mut Problems) -> Option<Schedule> {
    let (text, place) = table.text(key, problems)?;
    match Schedule::read(text, zone) {
        // The 29th of February comes within the years that are looked through; what does not come at all would be due never.
        Ok(schedule) if schedule.next(Instant::default()).is_none() => {
            problems.at(&place, format!("{text:?} never runs: nothing would ever be due."), "Write a day that comes.");
            None
        }
        Ok(schedule) => Some(schedule),
        Err(why) => {
            problems.at(
                &place,
                format!("It cannot be read as a schedule: {why}."),
                "Write five fields as a CronJob has them, like \"0 2 * * *\", and time_zone = \"Asia/Tokyo\" where it is not UTC.",
            );
            None
        }
    }
}
