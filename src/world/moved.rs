//! Which parts of what is known have moved: whoever made something of them makes it anew only then.

/// A part of what is known, by what tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Workloads, nodes and jobs.
    Clusters,
    /// Alerts and silences.
    Alerts,
    /// Signals of services.
    Signals,
    /// Objectives.
    Slos,
    /// Health of components.
    Health,
    /// Facts of the store.
    Store,
    /// Sets of backups.
    Backups,
    /// Databases.
    Databases,
}

/// How often each part has moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Moved([u64; 8]);

impl Moved {
    /// A part is otherwise now.
    pub const fn note(&mut self, part: Part) {
        self.0[part as usize] += 1;
    }

    /// All of it may be otherwise: other environments are shown, or the screen goes on after it stood still.
    pub fn note_all(&mut self) {
        for count in &mut self.0 {
            *count += 1;
        }
    }

    /// How often these have moved: another number is another content.
    pub fn of(&self, parts: &[Part]) -> u64 {
        parts.iter().map(|part| self.0[*part as usize]).sum()
    }
}
