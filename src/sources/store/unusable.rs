//! The store of a configuration that means one and cannot be understood: it says so to whoever asks.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

use super::backend::{Backend, Lane, Row, Transaction, Value};
use super::migrate::Schema;
use super::port::Standing;
use crate::sources::error::{SourceError, Trouble};
use crate::sources::observe::Answer;

/// No store.
pub(super) struct Unusable;

fn said<T>() -> Answer<'static, T> {
    let sentence = "[store] of the configuration cannot be understood, and no other store than was meant is used. Run: quarterdeck config check.";
    Box::pin(async move { Err(SourceError::new(Trouble::Setup, sentence)) })
}

impl Backend for Unusable {
    fn standing(&self) -> Answer<'_, Standing> {
        said()
    }

    fn read<'a>(&'a self, _: &'a str, _: Vec<Value>) -> Answer<'a, Vec<Row>> {
        said()
    }

    fn schema(&self, _: bool) -> Answer<'_, Arc<Schema>> {
        said()
    }

    fn begin(&self, _: Lane) -> Answer<'_, Box<dyn Transaction>> {
        said()
    }

    fn changed(&self) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(Duration::from_secs(60)))
    }
}
