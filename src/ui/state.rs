//! What the operator is looking at: views, cursors, filters, overlays. Changed by the loop alone, read by every draw.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use super::alerts::AlertsState;
use super::overview::OverviewState;
use crate::domain::environment::ObjectKey;
use crate::domain::job::JobRef;
use crate::domain::rollout::WorkloadRef;
use crate::domain::subject::Subject;
use crate::domain::time::Instant;

/// What fills the body of the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum View {
    /// The list of rollouts.
    Rollouts,
    /// One workload.
    Detail(WorkloadRef, DetailTab),
    /// The list of CronJobs and Jobs.
    Jobs,
    /// One of them.
    Job(JobRef, JobTab),
    /// The log of one workload.
    Logs(WorkloadRef),
    /// The journal of this console.
    Journal,
    /// The list of alerts.
    Alerts,
    /// One alert: its environment and its key.
    Alert(Arc<str>, Arc<str>),
    /// A pane that is one list, by its id.
    Pane(&'static str),
    /// Every pane's headline, and the last hour.
    Overview,
}

impl View {
    /// Whether it is a list under a cursor that rests on the worst until it is held.
    pub const fn is_list(&self) -> bool {
        matches!(self, Self::Rollouts | Self::Alerts | Self::Pane(_) | Self::Overview)
    }

    /// Whether it has the panes of the other digits beside it.
    pub const fn is_pane(&self) -> bool {
        self.is_list() || matches!(self, Self::Alert(..) | Self::Journal | Self::Jobs)
    }

    /// Whether its rows can be filtered.
    pub const fn is_filtered(&self) -> bool {
        matches!(self, Self::Jobs) || self.is_list() && !matches!(self, Self::Overview)
    }
}

/// The parts of a workload's detail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DetailTab {
    /// Verdict, conditions, pods.
    #[default]
    Pods,
    /// Events.
    Events,
    /// Revisions, with the template diff between the chosen one and the current.
    History,
    /// The object as the server holds it.
    Raw,
}

impl DetailTab {
    /// Every tab, in order.
    pub const ALL: [Self; 4] = [Self::Pods, Self::Events, Self::History, Self::Raw];
}

/// The parts of a job's detail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum JobTab {
    /// Its runs, newest first.
    #[default]
    Runs,
    /// The pods of its newest runs.
    Pods,
    /// Events.
    Events,
    /// The object as the server holds it.
    Raw,
}

impl JobTab {
    /// Every tab, in order.
    pub const ALL: [Self; 4] = [Self::Runs, Self::Pods, Self::Events, Self::Raw];
}

/// A line of text being typed. The cursor counts characters from the start.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Field {
    /// What was typed.
    pub text: String,
    /// Where the next character goes, in characters.
    pub cursor: usize,
}

impl Field {
    /// A field that holds a text, its cursor at the end.
    pub fn holding(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { cursor: text.chars().count(), text }
    }

    /// Types one character at the cursor.
    pub fn insert(&mut self, character: char) {
        self.paste(character.encode_utf8(&mut [0; 4]));
    }

    /// Puts a text in at the cursor, which goes behind it.
    pub fn paste(&mut self, text: &str) {
        let at = self.byte_at(self.cursor);
        self.text.insert_str(at, text);
        self.cursor += text.chars().count();
    }

    /// Deletes the character before the cursor.
    pub fn backspace(&mut self) {
        if self.cursor > 0 {
            self.cursor -= 1;
            let at = self.byte_at(self.cursor);
            self.text.remove(at);
        }
    }

    /// Deletes the word before the cursor.
    pub fn delete_word(&mut self) {
        while self.cursor > 0 && self.before() == Some(' ') {
            self.backspace();
        }
        while self.cursor > 0 && self.before() != Some(' ') {
            self.backspace();
        }
    }

    /// Moves the cursor by characters, within the text.
    pub fn step(&mut self, by: isize) {
        self.cursor = self.cursor.saturating_add_signed(by).min(self.text.chars().count());
    }

    fn before(&self) -> Option<char> {
        self.text.chars().nth(self.cursor.checked_sub(1)?)
    }

    fn byte_at(&self, character: usize) -> usize {
        self.text.char_indices().nth(character).map_or(self.text.len(), |(at, _)| at)
    }
}

/// What was under the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meant {
    /// A workload.
    Workload(WorkloadRef),
    /// A pod of one, by its name.
    Pod(WorkloadRef, String),
    /// An alert or a group of them: its name, and the key of the first.
    Alert(String, String),
    /// A silence, by its id.
    Silence(String),
    /// Something else that a pane of rows selects.
    Other(Subject),
}

impl fmt::Display for Meant {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Workload(workload) => workload.fmt(to),
            Self::Pod(workload, pod) => write!(to, "pod {pod} of {workload}"),
            Self::Alert(name, _) => to.write_str(name),
            Self::Silence(id) => write!(to, "silence {id}"),
            Self::Other(subject) => subject.fmt(to),
        }
    }
}

/// A field of an open plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    /// The word, or the target's name.
    Typed,
    /// The reason.
    Reason,
    /// A field of the action, by its place.
    Given(usize),
}

/// What lies over the view; the last one of the stack has the keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Overlay {
    /// The bindings, filterable.
    Help {
        /// The filter.
        filter: Field,
        /// The first line shown.
        scroll: usize,
    },
    /// The command palette.
    Palette {
        /// What was typed.
        input: Field,
        /// The chosen completion.
        selected: usize,
    },
    /// The scope picker: which environment.
    Scope {
        /// The chosen line.
        selected: usize,
    },
    /// What can be done with what is under the cursor.
    Actions {
        /// What that was when the menu was opened.
        meant: Meant,
        /// The chosen line.
        selected: usize,
    },
    /// The plan being worked out, shown, confirmed or run; its content is the scene's `plan`.
    Plan {
        /// The first line shown.
        scroll: usize,
        /// The word, or the target's name, as typed so far.
        typed: Field,
        /// The reason, where one is asked for.
        reason: Field,
        /// What is given for the fields of the action, where these are typed on its plan.
        given: Vec<Field>,
        /// What has the keys.
        at: Slot,
    },
    /// Problems of the configuration, keymap and theme.
    Problems {
        /// The first line shown.
        scroll: usize,
    },
}

/// A line that goes away by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toast {
    /// The sentence.
    pub words: String,
    /// Whether it tells of trouble.
    pub is_warning: bool,
    /// When it goes away.
    pub until: Instant,
}

/// Which row: what it is, whatever becomes of the rows around it. An environment (or nothing), what it is there, and a part of that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowKey(pub [Arc<str>; 3]);

impl RowKey {
    /// The row of something in an environment.
    pub fn new(environment: &Arc<str>, id: &Arc<str>) -> Self {
        Self([environment.clone(), id.clone(), Arc::default()])
    }
}

/// What the operator chose of a pane that is one list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListState {
    /// The row under the cursor; never by place.
    pub cursor: Option<RowKey>,
    /// Whether the operator has put the cursor where it is. Until then it rests on the first row, which is the worst.
    pub is_cursor_held: bool,
    /// The filter.
    pub filter: Field,
    /// Only rows somebody should look at: what is not known to be well, or what holds.
    pub is_problems_only: bool,
}

impl ListState {
    /// The words of the filter, in small letters; all of them have to be found.
    pub fn words(&self) -> Vec<String> {
        self.filter.text.split_whitespace().map(str::to_lowercase).collect()
    }
}

/// What is in front was opened from here: back leads here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Behind {
    /// What was in front.
    pub view: View,
    /// The filter that narrows the list that was opened: it came with the way, and goes with it.
    pub narrowed: Option<String>,
}

/// Everything the operator chose about the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own that the operator turns")]
pub struct UiState {
    /// What fills the body.
    pub view: View,
    /// From where what is in front was opened, the first first.
    pub behind: Vec<Behind>,
    /// What the operator chose of the alerts pane.
    pub alerts: AlertsState,
    /// What the operator chose of the overview.
    pub overview: OverviewState,
    /// The row under the cursor of the list, by environment and uid; never by place.
    pub cursor: Option<ObjectKey>,
    /// Whether the operator has put the cursor where it is. Until then it rests on the worst row, whichever that is.
    pub is_cursor_held: bool,
    /// When the resting cursor last came to another row.
    pub cursor_slid_at: Option<Instant>,
    /// The line under the cursor of the detail's tab: a pod, an event, a revision.
    pub detail_cursor: usize,
    /// The first line of the history's differences that is shown.
    pub detail_scroll: usize,
    /// The revision uid chosen as the other side of the history diff, when not the current one.
    pub diff_against: Option<Arc<str>>,
    /// Marked rows, by environment and uid.
    pub marks: BTreeSet<ObjectKey>,
    /// The filter of the list.
    pub filter: Field,
    /// Whether the filter has the keys.
    pub is_filtering: bool,
    /// Only rows that are not complete.
    pub is_problems_only: bool,
    /// Every column, even the long ones.
    pub is_wide: bool,
    /// Whether the header is shown in full.
    pub is_header_compact: bool,
    /// What lies over the view.
    pub overlays: Vec<Overlay>,
    /// A passing line.
    pub toast: Option<Toast>,
    /// The keys of an unfinished sequence, as printed.
    pub pending_keys: String,
}

impl Default for UiState {
    fn default() -> Self {
        Self {
            view: View::Rollouts,
            behind: Vec::new(),
            alerts: AlertsState::default(),
            overview: OverviewState::default(),
            cursor: None,
            is_cursor_held: false,
            cursor_slid_at: None,
            detail_cursor: 0,
            detail_scroll: 0,
            diff_against: None,
            marks: BTreeSet::new(),
            filter: Field::default(),
            is_filtering: false,
            is_problems_only: false,
            is_wide: false,
            is_header_compact: false,
            overlays: Vec::new(),
            toast: None,
            pending_keys: String::new(),
        }
    }
}
