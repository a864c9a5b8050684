//! The keys that stand in the footer of several panes.

/// A key by the name of its command, and what it does here.
pub type Hint = (&'static str, &'static str);

/// Where a row is of a service.
pub const OF_SERVICES: &[Hint] = &[
    ("open", "its rollout"),
    ("alerts_about", "its alerts"),
    ("action.rollback", "roll back"),
    ("filter", "filter"),
    ("problems_only", "only problems"),
    ("help", "help"),
];
