//! THE LOOP: the only place where things meet.
//!
//! ```text
//!  keyboard ─┐                               ┌─► draw(&Scene, &Theme) ─► frame ─► the writer's thread
//!  signals ──┤   Message    ┌────────┐ dirty │
//!  sources ──┼────────────► │ update │ ──────┘
//!  runs ─────┤ (closed enum)└────────┘
//!  clock ────┘                  │ Vec<Effect>
//!                               ▼
//!                     perform: supervised tasks
//! ```
//!
//! [`Message`] and [`Effect`] are closed and plain values; `update` is synchronous and total; `perform` is the only spawner.
//! This room does not know wire formats or how anything is drawn. It keeps one invariant: nobody awaits in the loop but for
//! the next message.

mod aftermath;
mod alerting;
mod alerts;
mod attach;
mod carried;
mod commands;
mod drafts;
mod editor;
mod effect;
mod feeds;
mod jobs;
mod keep;
mod logs;
mod look_back;
mod message;
mod model;
mod overview;
mod pace;
mod panes;
mod perform;
mod pod_session;
mod reach;
mod reading;
mod releases;
mod runtime;
mod supervise;
mod tell_journal;
mod update;
mod usage;

use crate::actions::catalog::Catalog;
use crate::keys::CommandName;

pub use attach::{Ending, attach};
pub use commands::{Command, NAMED};
pub use drafts::{Draft, DraftKey};
pub use editor::chosen as chosen_editor;
pub use effect::{Effect, PlanRequest};
pub use keep::Keep;
pub use message::{Leaving, Message, Unseen};
pub use model::Model;
pub use panes::Panes;
pub use perform::Performer;
pub use pod_session::{OpenPort, SessionNews, closed_after, listen, serve, told};
pub use reach::{Connect, Reach};
pub use runtime::Runtime;
pub use update::{next_due, update};

/// The name of every command a keymap may bind.
pub fn command_names(catalog: Catalog) -> Vec<CommandName> {
    let named = NAMED.iter().map(|(_, name, _)| CommandName(name));
    let planned = catalog.all().flat_map(|action| [Some(action.about().command), action.about().was]);
    let shown = crate::panes::SHIPPED.iter().map(|pane| CommandName(pane.command));
    named.chain(shown).chain(planned.flatten().map(CommandName)).collect()
}
