//! Where the keys go.

use crate::domain::worded;

worded! {
    /// What has the keys. Its bindings come before the global ones.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub enum Context {
        /// Everywhere the operator is not typing.
        Global = "global",
        /// A list of rows: the rollouts.
        List = "list",
        /// The detail of one workload.
        Detail = "detail",
        /// CronJobs and Jobs, and one of them.
        Jobs = "jobs",
        /// The log of a workload.
        Logs = "logs",
        /// Lines to scroll through: raw objects, the journal, problems.
        Text = "text",
        /// Lines to choose from: actions, scopes.
        Menu = "menu",
        /// A plan: read, confirmed by typing, watched.
        Plan = "plan",
        /// A line being typed: the filter.
        Prompt = "prompt",
        /// The command palette.
        Palette = "palette",
        /// The help, with its filter.
        Help = "help",
    }
}

impl Context {
    /// Whether keys that are not bound here are looked up in the global context: everywhere but where the operator types and
    /// in the menu, which must not be left by accident.
    pub const fn falls_through(self) -> bool {
        matches!(self, Self::List | Self::Detail | Self::Jobs | Self::Logs | Self::Text)
    }

    /// Whether a character that is not bound here is typed into a field.
    pub const fn is_typing(self) -> bool {
        matches!(self, Self::Prompt | Self::Plan | Self::Help | Self::Palette)
    }
}
