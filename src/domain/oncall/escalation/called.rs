//! What an escalation goes by, looked up before it is written: the policy as it is, and whom its levels mean now.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::super::business::BusinessHours;
use super::ladder::Resolve;
use super::policy::{Policy, Target};
use super::run::Around;
use crate::domain::incident::Severity;
use crate::domain::time::Instant;

/// A policy with everybody whom it means at one moment. The store holds a run to it: a policy that is changed later is for later runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Called {
    /// The policy; one without levels pages nobody by itself.
    pub policy: Policy,
    /// When its team does business; `None`: nobody said.
    pub business: Option<BusinessHours>,
    /// Who is meant by each of its targets, by handle.
    pub people: BTreeMap<Target, Vec<String>>,
}

impl Called {
    /// Where no policy says whom to page: only who is asked by name is.
    pub fn nobody(severity: Severity) -> Self {
        Self { policy: Policy::nobody(severity), business: None, people: BTreeMap::new() }
    }

    /// What a run goes by.
    pub fn around(&self) -> Around<'_, Self> {
        Around { business: self.business.as_ref(), resolve: self }
    }
}

impl Resolve for Called {
    fn people(&self, target: &Target, _: Instant) -> Vec<String> {
        self.people.get(target).cloned().unwrap_or_default()
    }
}
