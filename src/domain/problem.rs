//! Something wrong with a file the operator wrote: where, what, and the fix.

use std::fmt;
use std::path::PathBuf;

/// One problem of a configuration, keymap or theme file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file; `None` for one that is built in.
    pub file: Option<PathBuf>,
    /// The line, from 1; `None` when the file as a whole is meant.
    pub line: Option<usize>,
    /// The key: `environment.production.gaurd`.
    pub key: Option<String>,
    /// What is wrong, as a sentence.
    pub sentence: String,
    /// What to do about it.
    pub fix: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.file {
            Some(file) => write!(to, "{}", file.display())?,
            None => write!(to, "(built in)")?,
        }
        if let Some(line) = self.line {
            write!(to, ":{line}")?;
        }
        if let Some(key) = &self.key {
            write!(to, ": {key}")?;
        }
        write!(to, ": {} {}", self.sentence, self.fix)
    }
}
