//! Where the keys go.

/// What has the keys. Its bindings come before the global ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Context {
    /// Everywhere the operator is not typing.
    Global,
    /// A list of rows: the rollouts.
    List,
    /// The detail of one workload.
    Detail,
    /// CronJobs and Jobs, and one of them.
    Jobs,
    /// The log of a workload.
    Logs,
    /// Lines to scroll through: raw objects, the journal, problems.
    Text,
    /// Lines to choose from: actions, scopes.
    Menu,
    /// A line being typed: the filter.
    Prompt,
    /// A plan: read, confirmed by typing, watched.
    Plan,
    /// The help, with its filter.
    Help,
    /// The command palette.
    Palette,
}

impl Context {
    /// Every context, in the order of the help.
    pub const ALL: [Self; 11] = [
        Self::Global,
        Self::List,
        Self::Detail,
        Self::Jobs,
        Self::Logs,
        Self::Text,
        Self::Menu,
        Self::Plan,
        Self::Prompt,
        Self::Palette,
        Self::Help,
    ];

    /// The word in a keymap file.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::List => "list",
            Self::Detail => "detail",
            Self::Jobs => "jobs",
            Self::Logs => "logs",
            Self::Text => "text",
            Self::Menu => "menu",
            Self::Prompt => "prompt",
            Self::Plan => "plan",
            Self::Help => "help",
            Self::Palette => "palette",
        }
    }

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
