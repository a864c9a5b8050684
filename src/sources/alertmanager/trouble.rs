//! What goes wrong with an Alertmanager beyond what goes wrong with every server.

use crate::sources::error::SourceError;
use crate::sources::http::trouble;

/// What it is called in sentences.
pub(super) const KIND: &str = "an Alertmanager";

/// An answer that is not what the protocol says.
pub(super) fn malformed(what: &str, server: &str) -> SourceError {
    trouble::malformed(what, KIND, server)
}
