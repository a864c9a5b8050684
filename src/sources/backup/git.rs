//! Configuration in git: the last commit is the last backup, and its data is as old as that.

use std::time::Duration;

use super::objects::blank;
use crate::config::Git;
use crate::domain::backup::{Backup, BackupKind, Outcome, Reading};
use crate::domain::text;
use crate::domain::time;
use crate::sources::command;

/// How long git may take.
const WITHIN: Duration = Duration::from_secs(30);
/// How many commits are looked at: more fill no more of what is shown.
const MOST: &str = "-500";

/// Reads it.
///
/// # Errors
/// The sentence to show where it cannot be read.
pub(super) async fn read(git: &Git, kind: BackupKind) -> Result<Reading, String> {
    let folder = git.folder.display().to_string();
    let words = ["git", "-C", folder.as_str(), "log", MOST, "--format=%ct %h"];
    let mut words: Vec<String> = words.map(str::to_owned).into();
    words.extend(git.branch.clone());
    words.push("--".to_owned());
    let told = command::read(&words, WITHIN).await.map_err(|why| format!("{}: {why}", text::clean(&folder)))?;
    commits(&String::from_utf8_lossy(&told), kind).map_err(|why| format!("{}: {why}", text::clean(&folder)))
}

fn commits(told: &str, kind: BackupKind) -> Result<Reading, String> {
    let commit = |line: &str| {
        let (seconds, id) = line.split_once(' ')?;
        let finished = Some(time::from_seconds(seconds.parse().ok()?));
        Some(Backup { outcome: Outcome::Good, finished, ..blank(text::clean(id).into(), kind) })
    };
    let backups: Vec<Backup> = told.lines().filter_map(commit).collect();
    if backups.is_empty() {
        return Err("It has no commit.".to_owned());
    }
    Ok(Reading { backups, ..Reading::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_commit_is_a_backup_of_its_time() {
        let reading =
            commits("1800000000 a1b2c3d\n1700000000 0f0f0f0\nodd\n", BackupKind::Configuration).expect("commits");
        let told: Vec<_> = reading.backups.iter().map(|one| (&*one.id, one.data_at())).collect();
        assert_eq!(
            told,
            [
                ("a1b2c3d", Some(time::from_seconds(1_800_000_000))),
                ("0f0f0f0", Some(time::from_seconds(1_700_000_000)))
            ]
        );
        assert_eq!(commits("", BackupKind::Configuration), Err("It has no commit.".to_owned()));
    }
}
