//! The journal as the screen shows it, and what it says is worth watching.

use std::path::Path;

use tokio::sync::mpsc;

use super::message::Message;
use crate::actions::journal;
use crate::domain::action::WATCHED;
use crate::domain::subject::Subject;
use crate::domain::text;
use crate::domain::time::Instant;
use crate::domain::timeline::JournalLine;
use crate::world::News;

/// How many journal lines the screen shows.
const JOURNAL_LINES: usize = 500;

/// Reads the journal and tells the loop what it holds. Blocks.
pub(super) fn tell_journal(state: &Path, messages: &mpsc::Sender<Message>, now: Instant) {
    let chains = journal::recent(state, now - WATCHED, JOURNAL_LINES).unwrap_or_default();
    // A loop that has ended needs no journal.
    let _ = messages.blocking_send(News::Journal(journal_lines(&chains)).into());
    let _ = messages.blocking_send(Message::Finished(journal::finished(&chains, now - WATCHED)));
}

fn journal_lines(chains: &[journal::Chain]) -> Vec<JournalLine> {
    let mut lines: Vec<&journal::Line> = chains.iter().flat_map(|chain| &chain.lines).collect();
    lines.sort_by_key(|line| std::cmp::Reverse((line.at, line.seq)));
    let clean = |raw: &str| text::clean(raw).into_owned();
    lines
        .into_iter()
        .take(JOURNAL_LINES)
        .map(|line| {
            let name = |aim: &journal::Aim| match &aim.subject {
                Subject::Alert(alert) => alert.name.clone(),
                subject => subject.argument(),
            };
            let targets = line.entry.aims.iter().map(name).collect::<Vec<_>>().join(", ");
            JournalLine {
                environment: clean(&line.entry.environment),
                at: line.at,
                what: line.entry.what.word().to_owned(),
                about: clean(format!("{} {targets}", line.entry.action).trim_end()),
                words: clean(&format!("{}: {}", line.entry.actor, line.entry.words)),
            }
        })
        .collect()
}

/// What to say of a chain that cannot be read: whatever it tells of is not known here.
pub(super) fn unreadable(chain: &journal::Chain) -> Option<(String, String)> {
    let trouble = chain.trouble.as_deref()?;
    let name = chain.file.display().to_string();
    let words = format!("UNREADABLE JOURNAL: {name}: {trouble}. Whether it holds an unfinished run is not known.");
    Some((name, text::clean(&words).into_owned()))
}
