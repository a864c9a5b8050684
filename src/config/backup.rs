//! The sets of backups: what tells of each, when one is due and what was promised: one function per rule, each with its sentence.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;

use super::server::{self, Server};
use crate::domain::backup::{BackupKind, BackupSet, MadeBy, Objectives, SegmentSize, Tier, ToldBy};
use crate::domain::document::{self, Entry, Problems, Table};
use crate::domain::job::{JobKind, Schedule};
use crate::domain::time::{self, Instant};

const KEYS: [&str; 13] = [
    "pgbackrest",
    "barman",
    "walg",
    "cron_job",
    "job",
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
/// How long a command may take of which nobody says it.
const ANSWERS_WITHIN: Duration = Duration::from_secs(60);
/// The longest a command may take: a listing of a large bucket takes minutes.
const LONGEST_ANSWER: TimeDelta = TimeDelta::minutes(10);

/// A set of backups and what tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclaredBackup {
    /// The set.
    pub set: Arc<BackupSet>,
    /// What tells of it; `None` for one whose script records its backups itself.
    pub tool: Option<ToolSettings>,
    /// The CronJob or Job that makes them, where no tool tells of them.
    pub made_by: Option<MadeBy>,
    /// Whether something is named that was to tell of it and cannot be understood.
    pub is_misread: bool,
}

impl DeclaredBackup {
    /// The set, and what tells of it.
    pub fn told_by(&self) -> (Arc<BackupSet>, ToldBy) {
        let by = match (&self.tool, &self.made_by) {
            (Some(_), _) => ToldBy::Tool,
            (None, Some(made)) => ToldBy::Jobs(made.clone()),
            (None, None) if self.is_misread => ToldBy::Misread,
            (None, None) => ToldBy::Records,
        };
        (self.set.clone(), by)
    }
}

/// A tool that makes backups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    /// pgBackRest.
    PgBackRest,
    /// Barman.
    Barman,
    /// WAL-G.
    WalG,
}

impl Tool {
    const ALL: [Self; 3] = [Self::PgBackRest, Self::Barman, Self::WalG];

    /// Its key.
    const fn key(self) -> &'static str {
        match self {
            Self::PgBackRest => "pgbackrest",
            Self::Barman => "barman",
            Self::WalG => "walg",
        }
    }

    /// The key that says which of several it tells of is meant.
    const fn part(self) -> Option<&'static str> {
        match self {
            Self::PgBackRest => Some("stanza"),
            Self::Barman => Some("server"),
            Self::WalG => None,
        }
    }

    /// The command whose output is read.
    pub const fn command(self) -> &'static str {
        match self {
            Self::PgBackRest => "pgbackrest info --output=json",
            Self::Barman => "barman -f json list-backups SERVER",
            Self::WalG => "wal-g backup-list --json --detail",
        }
    }
}

/// How a tool is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolSettings {
    /// Which.
    pub tool: Tool,
    /// Where its answer is.
    pub place: Place,
    /// The stanza or server that is meant; `None` where there is one only.
    pub part: Option<String>,
    /// A listing of the WAL that is archived.
    pub wal_file: Option<PathBuf>,
}

/// Where the answer of a tool is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In a file, written anew after each backup.
    File(PathBuf),
    /// What a command prints, which is started without a shell and has to end in time.
    Command(Vec<String>, Duration),
    /// At an address.
    Url(Box<Server>),
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
    };
    let (tool, made_by) = (tool(&table, problems), made_by(&table, environments, problems));
    let named = Tool::ALL.map(Tool::key).into_iter().chain(["cron_job", "job"]).any(|key| table.entry(key).is_some());
    let is_misread = named && tool.is_none() && made_by.is_none();
    Some(DeclaredBackup { set: Arc::new(set), made_by: made_by.filter(|_| tool.is_none()), tool, is_misread })
}

fn kind(table: &Table<'_, '_>, problems: &mut Problems) -> BackupKind {
    let whole: Vec<&str> = BackupKind::ALL.into_iter().filter(|kind| kind.is_whole()).map(BackupKind::word).collect();
    let Some((word, place)) = table.text("kind", problems) else { return BackupKind::Full };
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

/// A length of time: `15 min`, `1h`, `30 d`.
fn length(table: &Table<'_, '_>, key: &str, problems: &mut Problems) -> Option<TimeDelta> {
    let (text, place) = table.text(key, problems)?;
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let number = number.parse::<i64>().ok().filter(|number| (1..=1_000_000).contains(number));
    let length = number.and_then(|number| match unit.trim() {
        "s" => Some(time::seconds(number)),
        "m" | "min" => Some(time::minutes(number)),
        "h" => Some(time::hours(number)),
        "d" => Some(time::days(number)),
        _ => None,
    });
    if length.is_none() {
        problems.at(&place, format!("{text:?} is no length of time."), "Write it like \"15 min\", \"1h\" or \"2 d\".");
    }
    length
}

/// As `SHOW wal_segment_size` prints it: `16MB`, `1GB`.
fn segment_size(table: &Table<'_, '_>, problems: &mut Problems) -> Option<SegmentSize> {
    let (text, place) = table.text("wal_segment_size", problems)?;
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let unit = match unit.trim() {
        "MB" | "MiB" => Some(1 << 20),
        "GB" | "GiB" => Some(1 << 30),
        _ => None,
    };
    let bytes = number.parse::<u64>().ok().zip(unit).and_then(|(number, unit): (u64, u64)| number.checked_mul(unit));
    let size = bytes.and_then(SegmentSize::of);
    if size.is_none() {
        problems.at(
            &place,
            format!("{text:?} is no size of a WAL segment."),
            "Write what the server's SHOW wal_segment_size prints, like \"16MB\": a power of two from 1MB to 1GB.",
        );
    }
    size
}

/// The CronJob or Job of a cluster that makes the backups.
fn made_by(table: &Table<'_, '_>, environments: &[&str], problems: &mut Problems) -> Option<MadeBy> {
    let kinds = [("cron_job", JobKind::CronJob), ("job", JobKind::Job)];
    let (entry, kind) = kinds.into_iter().find_map(|(key, kind)| Some((table.entry(key)?, kind)))?;
    let from = entry.table(problems)?;
    from.refuse_unknown(&["name", "namespace", "environment"], problems);
    if let Some(tool) = Tool::ALL.into_iter().find(|tool| table.entry(tool.key()).is_some()) {
        problems.at(
            &entry,
            format!("{} is there too: one of the two tells of a set.", tool.key()),
            "Give one of them a [backup.NAME] of its own.",
        );
    }
    let environment = from.text("environment", problems);
    match &environment {
        Some((name, place)) if !environments.contains(name) => {
            let fix = document::did_you_mean(name, environments);
            problems.at(place, format!("There is no environment {name:?}."), fix);
        }
        None if environments.len() > 1 => {
            problems.at(
                &entry,
                "It does not say in which environment it is.",
                format!("Add environment = {:?}.", environments.first().copied().unwrap_or_default()),
            );
        }
        _ => {}
    }
    let Some((name, _)) = from.text("name", problems) else {
        if from.entry("name").is_none() {
            problems.at(&entry, "It does not say which.", "Add name = \"NAME\".");
        }
        return None;
    };
    Some(MadeBy {
        environment: environment.map(|(name, _)| Arc::from(name)),
        namespace: from.text("namespace", problems).map(|(name, _)| Arc::from(name)),
        kind,
        name: Arc::from(name),
    })
}

fn tool(table: &Table<'_, '_>, problems: &mut Problems) -> Option<ToolSettings> {
    let mut named = Tool::ALL.into_iter().filter_map(|tool| Some((tool, table.entry(tool.key())?)));
    let (tool, entry) = named.next()?;
    if let Some((other, place)) = named.next() {
        problems.at(
            &place,
            format!("{} is there too: one tool tells of a set.", tool.key()),
            format!("Give {} a [backup.NAME] of its own.", other.key()),
        );
    }
    let from = entry.table(problems)?;
    let more: Vec<&str> = ["info_file", "command", "timeout", "wal_file"].into_iter().chain(tool.part()).collect();
    let place = place(tool, &entry, &from, &more, problems)?;
    let part = tool.part().and_then(|key| from.text(key, problems)).map(|(part, _)| part.to_owned());
    let wal_file = server::file(&from, "wal_file", problems);
    Some(ToolSettings { tool, place, part, wal_file })
}

fn place(
    tool: Tool,
    entry: &Entry<'_, '_>,
    from: &Table<'_, '_>,
    more: &[&str],
    problems: &mut Problems,
) -> Option<Place> {
    let named: Vec<Entry<'_, '_>> =
        ["info_file", "command", "url"].into_iter().filter_map(|key| from.entry(key)).collect();
    let fix = format!(
        "Write info_file = \"/FILE\", command = [\"PROGRAM\", \"ARGUMENT\"] or url = \"https://…\" that gives what {} prints.",
        tool.command()
    );
    let [one] = named.as_slice() else {
        match named.get(1) {
            None => problems.at(entry, "It does not say where its answer is.", fix),
            Some(second) => {
                problems.at(second, "Its answer can be in one place only.", "Keep one of info_file, command and url.");
            }
        }
        return None;
    };
    if one.name == "url" {
        return server::server(entry, from, more, "https://backups.example/info.json", problems)
            .map(Box::new)
            .map(Place::Url);
    }
    from.refuse_unknown(more, problems);
    if one.name == "info_file" {
        return server::file(from, "info_file", problems).map(Place::File);
    }
    let words: Vec<String> = one.texts(problems)?.into_iter().map(|(word, _)| word.to_owned()).collect();
    if words.first().is_none_or(|program| program.trim().is_empty()) {
        problems.at(
            one,
            "The command is empty.",
            "Write the program and its arguments, each in quotes: it is started without a shell.",
        );
        return None;
    }
    let timeout = length(from, "timeout", problems).unwrap_or(TimeDelta::zero());
    if timeout > LONGEST_ANSWER {
        problems.in_table(
            from,
            "Nobody waits longer than 10 minutes for a command.",
            "Have its output written into an info_file instead.",
        );
    }
    let timeout = timeout.min(LONGEST_ANSWER).to_std().ok().filter(|timeout| !timeout.is_zero());
    Some(Place::Command(words, timeout.unwrap_or(ANSWERS_WITHIN)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Asked, Settings};

    fn read(text: &str) -> (Vec<DeclaredBackup>, Vec<String>) {
        let (settings, problems) = Settings::parse("q.toml".as_ref(), text, &Asked::default());
        (settings.backups.to_vec(), problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_set_says_what_tells_of_it_and_what_was_promised() {
        let (found, problems) = read(
            "[backup.orders]\npgbackrest = { info_file = \"/var/info.json\", stanza = \"main\", wal_file = \"/var/wal\" }\n\
             schedule = \"30 1 * * *\"\nrpo = \"15 min\"\nrto = \"2h\"\nwal_segment_size = \"64MB\"\n\
             [backup.uploads]\nkind = \"files\"\ntier = 3\n\
             [backup.search]\nbarman = { command = [\"barman\", \"-f\", \"json\", \"list-backups\", \"main\"], timeout = \"2 min\" }\n\
             [backup.far]\nwalg = { url = \"https://b.example/list.json\", bearer_file = \"/run/token\" }\n",
        );
        assert_eq!(problems, Vec::<String>::new());
        let [orders, uploads, search, far] = found.as_slice() else { panic!("four: {found:?}") };
        let minutes =
            |one: &DeclaredBackup| (one.set.objectives.rpo.num_minutes(), one.set.objectives.rto.num_minutes());
        assert_eq!((minutes(orders), orders.set.is_rpo_declared), ((15, 120), true));
        assert_eq!((orders.set.kind, orders.set.segment_size), (BackupKind::Full, SegmentSize::of(64 << 20)));
        let tool = orders.tool.as_ref().expect("a tool");
        assert_eq!(
            (tool.tool, tool.part.as_deref(), &tool.place),
            (Tool::PgBackRest, Some("main"), &Place::File("/var/info.json".into()))
        );
        assert_eq!(
            (uploads.set.kind, minutes(uploads), uploads.tool.as_ref()),
            (BackupKind::Files, (240, 1_440), None)
        );
        let Some(Place::Command(words, timeout)) = search.tool.as_ref().map(|tool| &tool.place) else {
            panic!("{search:?}")
        };
        assert_eq!((words.len(), timeout.as_secs(), search.set.is_rpo_declared), (5, 120, false));
        assert_eq!(minutes(search), (60, 240), "what nobody said is one hour and four");
        assert!(
            matches!(far.tool.as_ref().map(|tool| &tool.place), Some(Place::Url(server)) if &*server.name == "b.example")
        );
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line_and_fix() {
        for (line, problem) in [
            ("schedul = \"1\"", "q.toml:2: backup.a.schedul: There is no such key. Did you mean \"schedule\"?"),
            ("kind = \"file\"", "q.toml:2: backup.a.kind: There is no kind \"file\" of a set. Did you mean \"files\"?"),
            (
                "schedule = \"0 2 * *\"",
                "q.toml:2: backup.a.schedule: It cannot be read as a schedule: \"0 2 * *\" has 4 fields, a schedule has 5. Write five fields as a CronJob has them, like \"0 2 * * *\", and time_zone = \"Asia/Tokyo\" where it is not UTC.",
            ),
            (
                "schedule = \"0 2 30 2 *\"",
                "q.toml:2: backup.a.schedule: \"0 2 30 2 *\" never runs: nothing would ever be due. Write a day that comes.",
            ),
            (
                "rpo = \"soon\"",
                "q.toml:2: backup.a.rpo: \"soon\" is no length of time. Write it like \"15 min\", \"1h\" or \"2 d\".",
            ),
            (
                "tier = 4",
                "q.toml:2: backup.a.tier: 4 is not from 1 to 3. Write a whole number from 1 to 3, without quotes.",
            ),
            (
                "wal_segment_size = \"3MB\"",
                "q.toml:2: backup.a.wal_segment_size: \"3MB\" is no size of a WAL segment. Write what the server's SHOW wal_segment_size prints, like \"16MB\": a power of two from 1MB to 1GB.",
            ),
            (
                "pgbackrest = { stanza = \"main\" }",
                "q.toml:2: backup.a.pgbackrest: It does not say where its answer is. Write info_file = \"/FILE\", command = [\"PROGRAM\", \"ARGUMENT\"] or url = \"https://…\" that gives what pgbackrest info --output=json prints.",
            ),
            (
                "pgbackrest = { info_file = \"/a\", command = [\"b\"] }",
                "q.toml:2: backup.a.pgbackrest.command: Its answer can be in one place only. Keep one of info_file, command and url.",
            ),
            (
                "pgbackrest = { info_file = \"info.json\" }",
                "q.toml:2: backup.a.pgbackrest.info_file: \"info.json\" is not a whole path. Begin it with /: the console may be started anywhere.",
            ),
            (
                "barman = { command = [] }",
                "q.toml:2: backup.a.barman.command: The command is empty. Write the program and its arguments, each in quotes: it is started without a shell.",
            ),
            (
                "barman = { command = [\"b\"], timeout = \"1h\" }",
                "q.toml:2: backup.a.barman: Nobody waits longer than 10 minutes for a command. Have its output written into an info_file instead.",
            ),
            (
                "walg = { info_file = \"/a\", stanza = \"b\" }",
                "q.toml:2: backup.a.walg.stanza: There is no such key. Use one of info_file, command, timeout, wal_file, or remove it.",
            ),
            (
                "barman = { info_file = \"/a\" }\npgbackrest = { info_file = \"/b\" }",
                "q.toml:2: backup.a.barman: pgbackrest is there too: one tool tells of a set. Give barman a [backup.NAME] of its own.",
            ),
            (
                "cron_job = { namespace = \"shop\" }",
                "q.toml:2: backup.a.cron_job: It does not say which. Add name = \"NAME\".",
            ),
            (
                "job = { name = \"dump\", environment = \"prod\" }",
                "q.toml:2: backup.a.job.environment: There is no environment \"prod\". Remove it.",
            ),
            (
                "walg = { url = \"https://me:hunter2@b.example/\" }",
                "q.toml:2: backup.a.walg.url: The address holds a name or a password. Move them to user and password_file.",
            ),
        ] {
            assert_eq!(read(&format!("[backup.a]\n{line}")).1, [problem], "{line}");
        }
        let (misread, _) = read("[backup.a]\npgbackrest = { info_file = \"info.json\" }");
        assert_eq!(misread[0].told_by().1, ToldBy::Misread, "it is not a set without backups");
        assert!(read("[backup.\"a b\"]").1[0].contains("The name of a set of backups"));
        assert!(read("backup = 1").1[0].contains("Expected a table"));
    }
}
