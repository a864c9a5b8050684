//! What the console knows of the open log, what the operator chose there, and the task that reads it.
#![expect(clippy::disallowed_methods, reason = "`perform` delegates this task here, and ends it")]

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use super::message::Message;
use crate::domain::log::LogNews;
use crate::domain::log::{Level, Line, LogAsk, Mask, Origin, Ring, Standing};
use crate::sources::cluster::{Connection, follow_logs};
use crate::ui::scene::LogsScene;
use crate::ui::state::Field;

/// Bytes of lines kept of the open log.
const KEPT: usize = 8 * 1024 * 1024;
/// News that may wait for the loop; then the line to the server waits.
const WAITING: usize = 16;

/// The logs pane.
#[derive(Debug)]
pub struct LogsPane {
    /// What is being read; `None` while nothing is open.
    pub ask: Option<LogAsk>,
    /// Which reading this is: news of an older one is dropped.
    pub number: u64,
    /// The lines.
    pub ring: Ring,
    /// The lines that pass the level.
    pub visible: Vec<Arc<Line>>,
    /// How each container's log stands.
    pub standings: BTreeMap<Arc<Origin>, Standing>,
    /// Why the workload itself cannot be read.
    pub trouble: Option<String>,
    /// The least grave level shown.
    pub least: Level,
    /// What is looked for.
    pub search: Field,
    /// The line under the cursor.
    pub cursor: usize,
    /// Whether the cursor stays on the newest line.
    pub is_at_end: bool,
    /// Whether the line under the cursor is shown whole.
    pub is_opened: bool,
    /// Whether long lines are wrapped.
    pub is_wrapped: bool,
}

impl Default for LogsPane {
    fn default() -> Self {
        Self {
            ask: None,
            number: 0,
            ring: Ring::new(KEPT),
            visible: Vec::new(),
            standings: BTreeMap::new(),
            trouble: None,
            least: Level::Trace,
            search: Field::default(),
            cursor: 0,
            is_at_end: true,
            is_opened: false,
            is_wrapped: false,
        }
    }
}

impl LogsPane {
    /// Begins another reading; what the operator chose about the screen stays.
    pub(super) fn begin(&mut self, ask: LogAsk) {
        *self = Self {
            ask: Some(ask),
            number: self.number + 1,
            least: self.least,
            search: std::mem::take(&mut self.search),
            is_wrapped: self.is_wrapped,
            ..Self::default()
        };
    }

    /// Ends the reading and forgets its lines.
    pub(super) fn close(&mut self) {
        *self = Self { number: self.number + 1, least: self.least, is_wrapped: self.is_wrapped, ..Self::default() };
    }

    /// Takes news in.
    pub(super) fn take(&mut self, news: LogNews) {
        match news {
            LogNews::Lines(lines) => {
                let held = self.visible.get(self.cursor).cloned();
                for line in lines {
                    self.ring.push(line);
                }
                self.relevel(held.as_ref());
            }
            LogNews::Stands(origin, standing) => {
                self.standings.insert(origin, standing);
            }
            LogNews::Trouble(trouble) => self.trouble = trouble,
        }
    }

    /// Applies the level again; the cursor stays on its line, or at the end.
    pub(super) fn relevel(&mut self, held: Option<&Arc<Line>>) {
        self.visible = self.ring.lines().iter().filter(|line| line.level.passes(self.least)).cloned().collect();
        let last = self.visible.len().saturating_sub(1);
        // Lines come at the end and go at the beginning: it is near where it was.
        let place = held.and_then(|held| self.visible.iter().rposition(|line| Arc::ptr_eq(line, held)));
        self.cursor = if self.is_at_end { last } else { place.unwrap_or(self.cursor).min(last) };
    }

    /// The next line that holds what is looked for, from the cursor on, forwards or backwards; whether there is one.
    pub(super) fn seek(&mut self, is_forward: bool, from_here: bool) -> bool {
        let wanted = self.search.text.trim().to_lowercase();
        if wanted.is_empty() || self.visible.is_empty() {
            return false;
        }
        let count = self.visible.len();
        let first = usize::from(!from_here);
        let found = (first..=count).map(|step| {
            if is_forward { (self.cursor + step) % count } else { (self.cursor + count - step % count) % count }
        });
        let Some(place) = found.into_iter().find(|place| self.visible[*place].contains(&wanted)) else { return false };
        self.cursor = place;
        self.is_at_end = place + 1 == count;
        true
    }

    /// Everything a draw may read.
    pub(super) fn scene(&self) -> LogsScene<'_> {
        LogsScene {
            ask: self.ask.as_ref(),
            lines: &self.visible,
            kept: self.ring.lines().len(),
            dropped: self.ring.dropped(),
            standings: &self.standings,
            trouble: self.trouble.as_deref(),
            least: self.least,
            search: &self.search,
            cursor: self.cursor,
            is_at_end: self.is_at_end,
            is_opened: self.is_opened,
            is_wrapped: self.is_wrapped,
        }
    }
}

/// Reads a log until it is ended; its news comes as messages with the number of the reading.
pub(super) fn start(
    connection: Connection,
    ask: LogAsk,
    mask: Arc<Mask>,
    number: u64,
    messages: mpsc::Sender<Message>,
) -> AbortHandle {
    let (news, mut told) = mpsc::channel(WAITING);
    let reading = async move {
        let relay = async {
            while let Some(news) = told.recv().await {
                if messages.send(Message::Log(number, news)).await.is_err() {
                    return;
                }
            }
        };
        tokio::join!(follow_logs(connection, ask, mask, news), relay);
    };
    tokio::spawn(reading).abort_handle()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(second: i64, level: Level, text: &str) -> Line {
        let origin = Arc::new(Origin { pod: "p".into(), container: "c".into() });
        let at = chrono::DateTime::from_timestamp(second, 0);
        Line { at, origin, level, message: text.into(), fields: Box::default() }
    }

    #[test]
    fn a_cursor_off_the_end_stays_on_its_line_and_one_at_the_end_follows() {
        let mut pane = LogsPane::default();
        let lines =
            |from: i64, to: i64| (from..to).map(|at| line(at, Level::Info, &at.to_string())).collect::<Vec<_>>();
        pane.take(LogNews::Lines(lines(0, 10)));
        assert_eq!(pane.cursor, 9);
        pane.is_at_end = false;
        pane.cursor = 4;
        pane.take(LogNews::Lines(lines(10, 20)));
        assert_eq!(&*pane.visible[pane.cursor].message, "4");
        pane.is_at_end = true;
        pane.take(LogNews::Lines(lines(20, 21)));
        assert_eq!(pane.cursor, 20);
    }

    #[test]
    fn looking_goes_round_both_ways() {
        let mut pane = LogsPane::default();
        pane.take(LogNews::Lines(vec![
            line(0, Level::Info, "Disk full"),
            line(1, Level::Warn, "ok"),
            line(2, Level::Info, "disk fine"),
        ]));
        pane.search = Field::holding("DISK");
        assert!(pane.seek(true, false));
        assert_eq!(pane.cursor, 0, "from the last on to the first");
        assert!(pane.seek(false, false));
        assert_eq!(pane.cursor, 2);
        pane.least = Level::Warn;
        pane.relevel(None);
        assert!(!pane.seek(true, true), "what is hidden is not found");
    }
}
