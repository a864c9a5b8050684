//! What scripts say of sets of backups in the store: that one was made, that a restore was tried. What is read before, and what a plan of it is.
//!
//! What is recorded is never changed and never taken back: a record that was wrong is followed by another.

use serde_json::{Value, json};

use super::alerts::StoreEyes;
use super::contract::{Context, Draft, Refusal};
use super::observation::BackupFacts;
use super::stored::{DEADLINE, Write};
use crate::domain::action::{BlastRadius, Field, FieldKind, Given, Goal, Inverse, Tier};
use crate::domain::backup::{Level, RestoreTest, size};
use crate::domain::store::fact::Fact;
use crate::domain::store::{RecordBackup, RecordRestore, RecordedBackup, RecordedRestore};
use crate::domain::subject::BackupRef;
use crate::domain::text;
use crate::domain::time::{self, Instant};

/// How many bytes there are: backups are larger than what a number of pods may be.
pub(super) const BYTES: Field = Field {
    id: "bytes",
    kind: FieldKind::Line,
    value: "N",
    noun: "a number of bytes",
    words: "How many bytes were written, or restored.",
    is_needed: false,
};
/// When the backup began.
pub(super) const STARTED: Field = Field {
    id: "started",
    kind: FieldKind::Moment,
    value: "TIME",
    noun: "a time",
    words: "When the backup began: a dump is as old as that.",
    is_needed: false,
};
/// When the backup ended.
pub(super) const FINISHED: Field = Field {
    id: "finished",
    kind: FieldKind::Moment,
    value: "TIME",
    noun: "a time",
    words: "When the backup ended; else now.",
    is_needed: false,
};
/// How the restore went.
pub(super) const RESULT: Field = Field {
    id: "result",
    kind: FieldKind::Line,
    value: "RESULT",
    noun: "ok, failed or checksums",
    words: "Whether the restore succeeded: ok or failed; checksums where nothing was restored and the checksums were right.",
    is_needed: true,
};
/// What the restore was to reach.
pub(super) const TARGET: Field = Field {
    id: "target",
    kind: FieldKind::Line,
    value: "TARGET",
    noun: "a time or a position in the WAL",
    words: "What the restore was to reach: a time, a position in the WAL, or latest.",
    is_needed: false,
};
/// What it reached.
pub(super) const REACHED: Field = Field {
    id: "reached-lsn",
    kind: FieldKind::Line,
    value: "LSN",
    noun: "a position in the WAL",
    words: "The position in the WAL that the restore reached: what pg_last_wal_replay_lsn() says.",
    is_needed: false,
};
/// How long it took.
pub(super) const SECONDS: Field = Field {
    id: "seconds",
    kind: FieldKind::Number,
    value: "N",
    noun: "a number of seconds",
    words: "How long the restore took, from its beginning until the server answered.",
    is_needed: false,
};
/// Whether the application agrees.
pub(super) const CHECKED: Field = Field {
    id: "checked",
    kind: FieldKind::Flag,
    value: "",
    noun: "",
    words: "The application's own checks of what was restored passed.",
    is_needed: false,
};

impl StoreEyes {
    /// Reads what the store says of a set: whether it answers, and its time.
    pub(super) async fn backup(&self, subject: &BackupRef, now: Instant) -> BackupFacts {
        let mut facts = BackupFacts::unread(subject.clone(), now);
        match self.store.standing().await {
            Ok(standing) => facts.store_now = standing.now,
            Err(error) => facts.unsaid = Some(text::clean(&error.sentence).into_owned()),
        }
        facts
    }
}

impl BackupFacts {
    /// One of which nothing is known yet.
    pub(super) fn unread(subject: BackupRef, now: Instant) -> Self {
        let document: Value = json!({"set": &*subject.set});
        Self {
            subject,
            run: None,
            verify: None,
            makers: [None, None],
            unsaid: None,
            is_written: false,
            store_now: now,
            document,
            observed_at: now,
        }
    }

    fn draft(&self, draft: Draft) -> Draft {
        let silent = self.unsaid.as_ref();
        Draft {
            from: "without this record".to_owned(),
            refusals: silent
                .map(|why| format!("the store does not answer, and nothing waits to be written: {why}"))
                .into_iter()
                .collect(),
            goal: Goal::Stored,
            blast: BlastRadius {
                words: "what every console of the store shows of it".to_owned(),
                ..BlastRadius::default()
            },
            tier: Tier::T1,
            deadline_seconds: Some(DEADLINE),
            inverse: Inverse {
                words: "What is recorded stays. Record another if it was wrong.".to_owned(),
                command: None,
            },
            ..draft
        }
    }
}

fn bytes(given: &Given) -> Result<Option<u64>, Refusal> {
    let read = |text: &str| text.trim().parse::<u64>().map_err(|_| Refusal(format!("{text:?} is no number of bytes.")));
    given.text(BYTES.id).map(read).transpose()
}

/// Drafts the record of a backup.
pub(super) fn made(facts: &BackupFacts, given: &Given, context: Context<'_>) -> Result<Draft, Refusal> {
    let (began, finished, bytes) = (given.moment(STARTED.id), given.moment(FINISHED.id), bytes(given)?);
    if let Some(at) = finished.filter(|at| time::is_of_the_future(*at, context.now)) {
        return Err(Refusal(format!(
            "{} lies in the future: a backup is recorded when it has ended.",
            time::written(at)
        )));
    }
    if began.is_some_and(|began| began > finished.unwrap_or(facts.store_now)) {
        return Err(Refusal("it ended before it began: correct --started or --finished.".to_owned()));
    }
    let set = &facts.subject.set;
    let write = Write::RecordBackup(RecordBackup {
        environment: facts.subject.environment.to_string(),
        set: set.to_string(),
        began,
        finished,
        bytes,
    });
    let ended = finished.map_or_else(|| "now".to_owned(), |at| format!("at {}", time::written(at)));
    let weight = bytes.map(|bytes| format!(", {}", size(bytes))).unwrap_or_default();
    Ok(facts.draft(Draft {
        given: given.clone(),
        steps: vec![write.step(
            format!("Write into the store that a backup of {set} ended {ended}{weight}."),
            RecordedBackup::TABLE.name,
            &[],
        )],
        to: format!("with a backup that ended {ended}{weight}"),
        expected: "recorded".to_owned(),
        ..Draft::default()
    }))
}

/// Drafts the record of a restore that was tried.
pub(super) fn restored(facts: &BackupFacts, given: &Given) -> Result<Draft, Refusal> {
    let (is_ok, only_checksums) = match given.text(RESULT.id) {
        Some("ok") => (true, false),
        Some("checksums") => (true, true),
        Some("failed") => (false, false),
        other => {
            let words = format!("a restore test ends ok, failed or checksums, not {:?}.", other.unwrap_or_default());
            return Err(Refusal(words));
        }
    };
    let (set, bytes) = (&facts.subject.set, bytes(given)?);
    let record = RecordRestore {
        environment: facts.subject.environment.to_string(),
        set: set.to_string(),
        is_ok,
        target: given.text(TARGET.id).map(str::to_owned),
        reached: given.text(REACHED.id).map(str::to_owned),
        seconds: given.number(SECONDS.id),
        bytes,
        is_checked: given.has(CHECKED.id),
        only_checksums,
    };
    let test: RestoreTest = record.test(facts.store_now);
    let proves = test.level();
    let mut warnings = Vec::new();
    if is_ok && !only_checksums && proves < Level::Reached {
        warnings.push(
            "It does not count as verified: say --target, --reached-lsn at or behind it, and --seconds. A server that starts may hold less than was asked for."
                .to_owned(),
        );
    }
    let words = if is_ok { format!("proves: {}", proves.word()) } else { "failed".to_owned() };
    let write = Write::RecordRestore(record);
    Ok(facts.draft(Draft {
        given: given.clone(),
        steps: vec![write.step(
            format!("Write into the store how a restore of {set} went ({words})."),
            RecordedRestore::TABLE.name,
            &[],
        )],
        to: format!("with a restore test that {words}"),
        expected: format!("recorded ({words})"),
        warnings,
        ..Draft::default()
    }))
}
