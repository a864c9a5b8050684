//! Quarterdeck: the console of the person on call.
//!
//! The rooms, and which may use which (held by `tests/house/tidy.rs`):
//!
//! | room | what | may use |
//! |---|---|---|
//! | [`domain`] | what is true: pure values, no IO, no clock | nothing |
//! | [`config`], [`keys`], [`theme`] | what the operator asked for | `domain` |
//! | [`sources`] | eyes and hands: the only room that talks to a cluster | `domain`, `config` |
//! | [`world`] | what is known: the facts of every source and of the store, and their joins | `domain`, `config` |
//! | [`actions`] | plan, confirm, execute, verify, journal | `domain`, `config`, the ports of `sources` |
//! | [`ui`] | the screen as a pure function | `domain`, `theme`, `world` |
//! | [`panes`] | what fills the body, one folder a pane | `domain`, `theme`, `ui`, `world` |
//! | [`terminal`] | the glass | `keys` |
//! | [`telemetry`] | what we say of ourselves | nothing |
//! | [`sandbox`] | a simulated cluster | `domain` |
//! | [`app`] | the loop | everything but `cli`, `sandbox`, `telemetry` |
//! | [`cli`] | one file per subcommand, exit codes | everything but `ui` |

pub mod actions;
pub mod app;
pub mod cli;
pub mod config;
pub mod domain;
pub mod keys;
pub mod panes;
pub mod sandbox;
pub mod sources;
pub mod telemetry;
pub mod terminal;
pub mod theme;
pub mod ui;
pub mod world;
