//! The other environments this console acts in: a plan may have steps in several.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::execute::Executor;
use super::plan::Planner;
use crate::sources::error::{SourceError, Trouble};

/// Who plans and acts in each environment that is connected, by its name.
#[derive(Clone, Default)]
pub struct Elsewhere(Arc<Mutex<BTreeMap<String, Executor>>>);

impl Elsewhere {
    /// Says who acts in an environment from now on.
    pub fn put(&self, executor: Executor) {
        let environment = executor.planner.environment.clone();
        // Who is found here looks no further: with the way back to here in it, nothing of either would ever be let go of.
        let planner = Planner { elsewhere: Self::default(), ..executor.planner.clone() };
        let executor = Executor { planner, ..executor };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(environment, executor);
    }

    fn get(&self, environment: &str) -> Result<Executor, SourceError> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(environment).cloned();
        known.ok_or_else(|| SourceError::new(Trouble::Setup, format!("there is no connection to {environment} yet.")))
    }
}

impl Planner {
    /// Who plans in an environment.
    ///
    /// # Errors
    /// When nobody is connected to it.
    pub(super) fn of(&self, environment: &str) -> Result<Self, SourceError> {
        if environment == self.environment {
            return Ok(self.clone());
        }
        self.elsewhere.get(environment).map(|executor| executor.planner)
    }
}

impl Executor {
    /// Who acts in an environment.
    ///
    /// # Errors
    /// When nobody is connected to it.
    pub(super) fn of(&self, environment: &str) -> Result<Self, SourceError> {
        if environment == self.planner.environment {
            return Ok(self.clone());
        }
        self.planner.elsewhere.get(environment)
    }
}
