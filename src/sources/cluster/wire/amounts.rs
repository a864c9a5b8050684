//! Amounts of what a node has, a container asked for, or somebody measured.

use std::borrow::Cow;

use serde::Deserialize;

use crate::domain::node::{Bytes, Millicores};

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Amounts<'a> {
    #[serde(borrow)]
    cpu: Cow<'a, str>,
    #[serde(borrow)]
    memory: Cow<'a, str>,
    #[serde(borrow)]
    pods: Cow<'a, str>,
}

impl Amounts<'_> {
    pub(super) fn cpu(&self) -> Option<Millicores> {
        Millicores::read(&self.cpu)
    }

    pub(super) fn memory(&self) -> Option<Bytes> {
        Bytes::read(&self.memory)
    }

    pub(super) fn pods(&self) -> Option<u32> {
        self.pods.parse().ok()
    }
}
