//! The roles of the field, and what each answers for.

/// What is known of a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoleAbout {
    /// Its name.
    pub name: &'static str,
    /// What it answers for.
    pub answers_for: &'static str,
    /// The level at which it is called.
    pub level: u64,
    /// Whether it is on call.
    pub is_on_call: bool,
}

/// The known roles; another may be written all the same.
pub const ROLES: &[RoleAbout] = &[
    RoleAbout {
        name: "site reliability engineer",
        answers_for: "availability: answers alerts, leads the response, writes the report",
        level: 1,
        is_on_call: true,
    },
    RoleAbout {
        name: "devops engineer",
        answers_for: "delivery: releases, rollbacks, pipelines and what they run on",
        level: 2,
        is_on_call: true,
    },
    RoleAbout {
        name: "platform engineer",
        answers_for: "the platform: clusters, networks, databases, capacity",
        level: 3,
        is_on_call: false,
    },
];
