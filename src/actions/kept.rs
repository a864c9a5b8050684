//! What is kept of a command line where nothing is ever erased: the journal, and the audit that is made from it.
//!
//! Passwords stand in command lines in more shapes than anybody lists (`-pPASSWORD`, `-a PASSWORD`, `-u name:password`, a header), so the
//! line is not kept at all, unless the configuration asks for it: its program is, and a digest by which the same line is known again.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use crate::domain::keyed::Key;
use crate::domain::text::clean;

/// The file of the secret, in the folder of the state.
const FILE: &str = "key";
/// The longest name of a program that is kept, in characters.
const LONGEST: usize = 64;

/// How command lines are written down.
#[derive(Debug, Clone)]
pub enum CommandLines {
    /// The program, and a digest keyed with the secret of this state; or why there is none.
    Digest(Result<Key, String>),
    /// Whole, but for the secrets this function finds: the operator asked for it.
    Whole(fn(&[String]) -> String),
}

impl CommandLines {
    /// A command line as it may be kept: one line, cleaned.
    pub fn written(&self, command: &[String]) -> String {
        let key = match self {
            Self::Whole(without_secrets) => return clean(&without_secrets(command)).into_owned(),
            Self::Digest(key) => key,
        };
        let [program, arguments @ ..] = command else { return String::new() };
        let program: String = clean(program).chars().take(LONGEST).collect();
        match (arguments, key) {
            ([], _) => program,
            // Between arguments a sign that none of them can hold.
            (_, Ok(key)) => format!("{program} (arguments {})", key.digest(&command.join("\0"))),
            (_, Err(why)) => format!("{program} (arguments not kept: {})", clean(why)),
        }
    }
}

/// The secret of a state folder, made once; every console of this state has the same.
///
/// # Errors
/// When it can neither be read nor made; as a sentence.
pub fn key(state: &Path) -> Result<Key, String> {
    let file = state.join(FILE);
    let read = || -> io::Result<Key> {
        let mut key = [0; Key::LENGTH];
        File::open(&file)?.read_exact(&mut key)?;
        Ok(Key(key))
    };
    let made = match read() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => make(state, &file).and_then(|()| read()),
        read => read,
    };
    made.map_err(|error| format!("the secret in {} cannot be had: {error}.", file.display()))
}

/// Makes the secret, whole or not at all: of two consoles that do so at once, one is first.
fn make(state: &Path, file: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(state)?;
    let mut key = [0; Key::LENGTH];
    File::open("/dev/urandom")?.read_exact(&mut key)?;
    let beside = state.join(format!("{FILE}.{}", std::process::id()));
    let mut to = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    let made = to.write_all(&key).and_then(|()| to.sync_all()).and_then(|()| match std::fs::hard_link(&beside, file) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        linked => linked,
    });
    let removed = std::fs::remove_file(&beside);
    made.and(removed)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn line(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn no_secret_of_a_command_line_is_kept_whatever_its_shape() {
        let lines = CommandLines::Digest(Ok(Key([7; 32])));
        for command in [
            &["mysql", "-phunter2", "-uroot"][..],
            &["mysql", "-p", "hunter2"],
            &["redis-cli", "-a", "hunter2", "info"],
            &["curl", "-u", "mori:hunter2", "http://x"],
            &["curl", "-H", "X-Api-Key: hunter2", "http://x"],
            &["mongosh", "-p", "hunter2"],
            &["sshpass", "-p", "hunter2", "ssh", "db"],
            &["sh", "-c", "PGPASSWORD=hunter2 psql"],
        ] {
            let written = lines.written(&line(command));
            assert!(written.starts_with(&format!("{} (arguments hmac-sha256:", command[0])), "{written}");
            assert!(!written.contains("hunter2"), "{written}");
        }
        assert_eq!(lines.written(&line(&["sh"])), "sh", "a shell alone tells nothing");
        let of = |words: &[&str]| lines.written(&line(words));
        assert_eq!(of(&["ls", "a", "b"]), of(&["ls", "a", "b"]), "the same line is known again");
        assert_ne!(of(&["ls", "a", "b"]), of(&["ls", "a b"]));
        let without = CommandLines::Digest(Err("the disk is full.".into()));
        assert_eq!(without.written(&line(&["ls", "x"])), "ls (arguments not kept: the disk is full.)");
        assert_eq!(CommandLines::Whole(|command| command.join(" ")).written(&line(&["ls", "\u{1b}x"])), "ls x");
    }

    #[test]
    fn the_secret_is_made_once_and_nobody_else_may_read_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let state = folder.path().join("state");
        let first = key(&state).expect("a key");
        assert_eq!(key(&state), Ok(first.clone()), "the same at every start");
        let mode = std::fs::metadata(state.join(FILE)).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(&state).expect("a folder").count(), 1, "nothing stays beside it");
        assert_ne!(key(&folder.path().join("other")).expect("a key"), first);
        std::fs::write(state.join(FILE), b"short").expect("room");
        assert!(key(&state).is_err_and(|why| why.contains("cannot be had")), "never one that is half of one");
    }
}
