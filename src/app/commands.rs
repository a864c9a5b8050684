//! Everything a key or the palette can ask for: one line each.

/// Something an operator can ask of the console.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Command {
    /// The bindings.
    Help,
    /// The command palette.
    Palette,
    /// Back: close, clear, leave a view; at the root twice to leave the console.
    Back,
    /// Close or clear, but never leave.
    Escape,
    /// Cancel; twice within two seconds leaves.
    Cancel,
    /// Leave at once.
    Quit,
    /// Paint the whole screen again.
    Redraw,
    /// Try every broken source again now.
    Refresh,
    /// Stop the process like any job; `fg` brings it back.
    Suspend,
    /// Show a pane, by its id.
    Show(&'static str),
    /// The alerts about the row.
    AlertsAbout,
    /// How the service of the row does.
    SignalsAbout,
    /// Another environment.
    Scope,
    /// Hold the screen as it is.
    Freeze,
    /// The header in full, or in one line.
    Header,
    /// Only rows that are not complete.
    ProblemsOnly,
    /// Every column.
    Wide,
    /// Filter the list.
    Filter,
    /// One line up.
    Up,
    /// One line down.
    Down,
    /// The first line.
    Top,
    /// The last line.
    Bottom,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// Half a page up.
    HalfUp,
    /// Half a page down.
    HalfDown,
    /// Open what is under the cursor.
    Open,
    /// Its conditions and pods.
    Details,
    /// Its events.
    Events,
    /// Its revisions.
    History,
    /// The object as the server holds it.
    Raw,
    /// Compare the revision under the cursor with another.
    Diff,
    /// The next part.
    NextTab,
    /// The part before.
    PreviousTab,
    /// Mark the row.
    Mark,
    /// Forget all marks.
    ClearMarks,
    /// What can be done with the row.
    Actions,
    /// Problems of the configuration, keymap and theme.
    Problems,
    /// A key that acts elsewhere and here does nothing on purpose.
    Dead,
    /// Plan to roll the whole service of the row back.
    RollBackService,
    /// Write what is typed in the operator's editor.
    EditText,
    /// Close a port that is open.
    EndForward,
    /// The log of the workload.
    Logs,
    /// The log of the instance before.
    LogPrevious,
    /// Another least level.
    LogLevel,
    /// Wrap long lines, or clip them.
    LogWrap,
    /// Stay at the newest line, or where it is.
    LogFollow,
    /// Another container.
    LogContainer,
    /// One pod's log, or all of them.
    LogPods,
    /// The next line that has what is looked for.
    LogNext,
    /// The one before.
    LogBefore,
    /// From a moment on: 0 the newest lines, 1 to 5 minutes ago, 6 since the release.
    LogSince(u8),
    /// Copy where the runbook is.
    Runbook,
    /// Copy the line.
    Copy,
    /// Save the lines.
    Save,
    /// Plan an action of the catalogue, by its id.
    Act(&'static str),
}

/// Every command but the actions' and the panes', with its name in a keymap and its words.
pub const NAMED: &[(Command, &str, &str)] = &[
    (Command::Help, "help", "show the keys"),
    (Command::Palette, "palette", "type a command"),
    (Command::Back, "back", "go back; at the root twice to leave"),
    (Command::Escape, "escape", "close or clear"),
    (Command::Cancel, "cancel", "cancel; twice to leave"),
    (Command::Quit, "quit", "leave the console"),
    (Command::Redraw, "redraw", "paint the screen again"),
    (Command::Refresh, "refresh", "try broken sources again now"),
    (Command::Suspend, "suspend", "suspend; fg brings it back"),
    (Command::AlertsAbout, "alerts_about", "alerts about this row"),
    (Command::SignalsAbout, "signals_about", "signals of the service of this row"),
    (Command::Scope, "scope", "switch the environment"),
    (Command::Freeze, "freeze", "hold the screen as it is"),
    (Command::Header, "header", "fold or unfold the header"),
    (Command::ProblemsOnly, "problems_only", "show only what is not complete"),
    (Command::Wide, "wide", "show every column"),
    (Command::Filter, "filter", "filter the list"),
    (Command::Up, "up", "one line up"),
    (Command::Down, "down", "one line down"),
    (Command::Top, "top", "first line"),
    (Command::Bottom, "bottom", "last line"),
    (Command::PageUp, "page_up", "a page up"),
    (Command::PageDown, "page_down", "a page down"),
    (Command::HalfUp, "half_up", "half a page up"),
    (Command::HalfDown, "half_down", "half a page down"),
    (Command::Open, "open", "open the row"),
    (Command::Details, "details", "conditions and pods"),
    (Command::Events, "events", "events"),
    (Command::History, "history", "revisions"),
    (Command::Raw, "raw", "the object as the server holds it"),
    (Command::Diff, "diff", "compare this revision with another"),
    (Command::NextTab, "next", "next part"),
    (Command::PreviousTab, "previous", "part before"),
    (Command::Mark, "mark", "mark the row"),
    (Command::ClearMarks, "clear_marks", "forget all marks"),
    (Command::Actions, "actions", "what can be done with the row"),
    (Command::Problems, "problems", "problems of the configuration"),
    (Command::RollBackService, "action.rollback_service", "plan to roll its whole service back"),
    (Command::Runbook, "runbook", "copy where its runbook is"),
    (Command::EditText, "edit_text", "write what is typed in your editor"),
    (Command::EndForward, "action.end-forward", "end forwarding a port"),
    (Command::Logs, "logs", "follow the log"),
    (Command::LogPrevious, "logs.previous", "the log of the instance before"),
    (Command::LogLevel, "logs.level", "another least level"),
    (Command::LogWrap, "logs.wrap", "wrap long lines"),
    (Command::LogFollow, "logs.follow", "stay at the newest line"),
    (Command::LogContainer, "logs.container", "another container"),
    (Command::LogPods, "logs.pods", "every pod"),
    (Command::LogNext, "logs.next", "the next line found"),
    (Command::LogBefore, "logs.before", "the line found before"),
    (Command::LogSince(0), "logs.newest", "the newest lines"),
    (Command::LogSince(1), "logs.since_1m", "since 1 minute ago"),
    (Command::LogSince(2), "logs.since_5m", "since 5 minutes ago"),
    (Command::LogSince(3), "logs.since_15m", "since 15 minutes ago"),
    (Command::LogSince(4), "logs.since_30m", "since 30 minutes ago"),
    (Command::LogSince(5), "logs.since_1h", "since an hour ago"),
    (Command::LogSince(6), "logs.since_release", "since the release began"),
    (Command::Copy, "copy", "copy the line"),
    (Command::Save, "save", "save the lines into a file"),
    (Command::Dead, "hint.use_actions_menu", "does nothing here on purpose"),
];
