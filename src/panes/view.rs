//! What a pane opens: something that has the body of the screen, the keys, and a cursor on what is meant.

use std::sync::Arc;

use crate::domain::rollout::WorkloadRef;
use crate::domain::subject::Subject;
use crate::domain::time::Instant;
use crate::domain::usage::UsageAsk;
use crate::ui::scene::Draw;
use crate::ui::state::{ListState, RowKey};
use crate::world::World;

/// What is under the cursor, and what it leads to.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Selection {
    /// What it is called in a sentence.
    pub name: String,
    /// The environment it is of.
    pub environment: Option<Arc<str>>,
    /// What an action on it is on; `None` where nothing is done to it by itself.
    pub subject: Option<Subject>,
    /// The service it is of: its workloads and its alerts are meant with it.
    pub service: Option<Arc<str>>,
    /// The workload that is meant, where it is no service's worst.
    pub workload: Option<WorkloadRef>,
    /// The workloads an action takes that has several as one target; empty where the one that is meant is all.
    pub workloads: Vec<WorkloadRef>,
    /// What is meant with it, as fields of actions by their ids: a role, the times of a shift. It stands in their forms at first.
    pub given: Vec<(&'static str, String)>,
}

/// What enter does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reaction {
    /// Nothing.
    Stay,
    /// Opens the workload that is meant.
    Workload,
    /// Says a sentence.
    Say(String),
    /// Shows the rows of another pane that a filter finds; esc leads back.
    Among {
        /// The pane, by its id.
        pane: &'static str,
        /// The filter.
        filter: String,
    },
}

/// What must be read while a view is in front.
#[derive(Debug, Clone)]
pub enum Need {
    /// What pods or nodes use.
    Usage(UsageAsk),
}

/// A row in words.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RowWords {
    /// What it is called in the list.
    pub name: String,
    /// How it is.
    pub state: String,
    /// What else a filter finds it by.
    pub more: String,
}

/// What fills the body and has the keys. It lives as long as the console: filter and cursor stay while another is in front.
pub trait View: Draw {
    /// Makes its rows anew where what they are made of has moved, or what the operator chose. Whether the cursor came to another row by
    /// itself: the next key may be meant for the row before.
    fn refresh(&mut self, world: &World, now: Instant) -> bool;
    /// What the operator chose.
    fn chosen(&self) -> &ListState;
    /// The same, to be changed.
    fn choose(&mut self) -> &mut ListState;
    /// The place of the cursor among the rows that are shown; `None` where there are none.
    fn place(&self) -> Option<usize>;
    /// Puts the cursor on the row at a place.
    fn go_to(&mut self, place: usize);
    /// The place of a row among those that are shown.
    fn find(&self, key: &RowKey) -> Option<usize>;
    /// How many rows are shown.
    fn len(&self) -> usize;
    /// Whether none is.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// What is under the cursor.
    fn selection(&self, world: &World) -> Option<Selection>;
    /// What enter does.
    fn enter(&self, world: &World) -> Reaction;
    /// What must be read while it is in front.
    fn needs(&self, _world: &World) -> Vec<Need> {
        Vec::new()
    }
    /// The rows that are shown, in words.
    fn rows(&self) -> Vec<RowWords>;
}
