//! What this machine's consoles saw fully available: the memory a rollback relies on.

use std::collections::HashMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::domain::rollout::{Revision, SeenHealthy};
use crate::domain::time::{self, Instant};

/// The most revisions remembered; the oldest are forgotten first.
const MOST: usize = 20_000;

/// Revisions seen healthy, by the uid of their cluster's kube-system and of their ReplicaSet.
#[derive(Debug, Default)]
pub struct Seen {
    file: Option<PathBuf>,
    known: HashMap<(String, String), Instant>,
}

#[derive(Serialize, Deserialize)]
struct Line {
    cluster: String,
    replica_set: String,
    #[serde(deserialize_with = "time::clamped")]
    at: Instant,
}

impl Seen {
    /// Reads the memory of a state folder. A line that cannot be read is left out: it costs one memory.
    pub fn load(state: &Path) -> Self {
        let file = state.join("seen");
        let text = fs::read_to_string(&file).unwrap_or_default();
        let mut lines: Vec<Line> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        if lines.len() > MOST {
            lines.drain(..lines.len() - MOST / 2);
            // Written anew so that the file does not grow for ever; a failure leaves the long one.
            let kept: String =
                lines.iter().filter_map(|line| serde_json::to_string(line).ok()).map(|line| line + "\n").collect();
            let _ = fs::write(&file, kept);
        }
        let known = lines.into_iter().map(|line| ((line.cluster, line.replica_set), line.at)).collect();
        Self { file: Some(file), known }
    }

    /// Whether a ReplicaSet was seen fully available.
    pub fn knows(&self, cluster: &str, replica_set: &str) -> bool {
        self.known.contains_key(&(cluster.to_owned(), replica_set.to_owned()))
    }

    /// Adds to each revision what is remembered of it.
    pub fn remember(&self, cluster: Option<&str>, revisions: &mut [Revision]) {
        let Some(cluster) = cluster else { return };
        for revision in revisions {
            if self.knows(cluster, &revision.uid) {
                revision.seen_healthy = SeenHealthy::Remembered;
            }
        }
    }

    /// Notes ReplicaSets seen fully available now.
    ///
    /// # Errors
    /// When the file cannot be written; the memory of this process has them all the same.
    pub fn note<'a>(
        &mut self,
        cluster: &str,
        replica_sets: impl IntoIterator<Item = &'a str>,
        at: Instant,
    ) -> io::Result<()> {
        let mut text = String::new();
        for replica_set in replica_sets {
            let key = (cluster.to_owned(), replica_set.to_owned());
            if self.known.insert(key, at).is_none() {
                let line = Line { cluster: cluster.to_owned(), replica_set: replica_set.to_owned(), at };
                text.push_str(&serde_json::to_string(&line)?);
                text.push('\n');
            }
        }
        let Some(file) = self.file.as_ref().filter(|_| !text.is_empty()) else { return Ok(()) };
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        // One write of whole lines: two consoles may append at once.
        OpenOptions::new().create(true).append(true).open(file)?.write_all(text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen_is_known_after_a_restart_and_only_in_its_cluster() -> io::Result<()> {
        let state = tempfile::tempdir()?;
        let mut seen = Seen::load(state.path());
        seen.note("c1", ["rs-1", "rs-1"], Instant::default())?;
        fs::write(state.path().join("seen"), fs::read_to_string(state.path().join("seen"))? + "torn {\n")?;
        let again = Seen::load(state.path());
        assert!(again.knows("c1", "rs-1") && !again.knows("c2", "rs-1"));
        Ok(())
    }
}
