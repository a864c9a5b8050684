//! The other environments of a plan: they are connected before it is worked out or carried out.

use std::collections::BTreeSet;

use tokio::sync::watch;

use super::session::Session;
use crate::sources::error::{SourceError, Trouble};

impl Session {
    /// Connects the other environments that a plan has steps in, so that its planner and its executor find them.
    ///
    /// # Errors
    /// When one is not declared, or cannot be connected.
    pub(super) async fn connect_beside<'a>(
        &self,
        environments: impl IntoIterator<Item = &'a str>,
        leaving: &watch::Receiver<bool>,
    ) -> Result<(), SourceError> {
        let others = environments.into_iter().filter(|name| **name != *self.environment.name).collect::<BTreeSet<_>>();
        for name in others {
            let declared = self.settings.environments.iter().position(|one| *one.name == *name);
            let none = || SourceError::new(Trouble::Setup, format!("there is no environment {name:?}."));
            let there = self.at(declared.ok_or_else(none)?);
            let connected = there.connect().await?;
            there.executor(&connected, leaving.clone());
        }
        Ok(())
    }
}
