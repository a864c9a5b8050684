//! A text in the operator's own editor, which has the terminal until it ends.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use rustix::process::{Pid, Signal as Number, kill_process};
use tokio::process::{Child, Command};

use crate::domain::store::LONGEST_TEXT;
use crate::terminal::{Signal, Signals, stop_self};

/// The editor of somebody who names none.
const USUAL: &str = "vi";
/// How long an editor may take to end that is told to.
const END_WITHIN: Duration = Duration::from_secs(2);
/// How long after an editor that failed the news may come that the line is lost: it tells both of us.
const LOST_WITHIN: Duration = Duration::from_millis(100);
/// What nano puts behind the name of a file for what it had not saved when it was told to end.
const UNSAVED: &str = ".save";

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Edited {
    /// The text as the editor left it.
    Text(String),
    /// The system, or a lost line, wants the console to leave: the text as far as the editor wrote it, where it wrote any.
    Left(Option<String>),
}

/// The editor the operator asked for: `VISUAL`, else `EDITOR`, else vi.
pub fn chosen(get: impl Fn(&str) -> Option<String>) -> String {
    let named = |name| get(name).filter(|value| !value.trim().is_empty());
    named("VISUAL").or_else(|| named("EDITOR")).unwrap_or_else(|| USUAL.to_owned())
}

/// Lets the editor have a text, in a file of its own in `folder` that nobody else may read; the terminal must be free.
///
/// # Errors
/// When there is no such editor, it failed, or the file cannot be had; as a sentence. The text before is as it was.
pub(super) async fn edit(editor: &str, folder: &Path, text: &str, signals: &mut Signals) -> Result<Edited, String> {
    let sheet =
        Sheet::put(folder, text).map_err(|error| format!("The text cannot be handed to an editor: {error}."))?;
    // The shell parts an editor from its arguments, as everybody who asks for one by these names does.
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!("exec {editor} \"$@\"")).arg(editor).arg(&sheet.0).kill_on_drop(true);
    let mut child = command.spawn().map_err(|error| format!("{editor} cannot be started: {error}."))?;
    let ended = loop {
        tokio::select! {
            biased;
            signal = signals.next() => match signal {
                Signal::Leave => {
                    end(&mut child).await;
                    return Ok(Edited::Left(sheet.rescue()));
                }
                // The whole job stops, the editor with it; `fg` brings both back.
                Signal::Suspend => drop(stop_self()),
                // Meant for the editor, which heard them too.
                Signal::Interrupt | Signal::Continued | Signal::Resized => {}
            },
            ended = child.wait() => break ended,
        }
    };
    let ended = ended.map_err(|error| format!("How {editor} ended is not known: {error}. The text is as it was."))?;
    if !ended.success() {
        if tokio::time::timeout(LOST_WITHIN, told_to_leave(signals)).await.is_ok() {
            return Ok(Edited::Left(sheet.rescue()));
        }
        return Err(failed(editor, ended));
    }
    sheet.read().map(Edited::Text)
}

async fn told_to_leave(signals: &mut Signals) {
    while signals.next().await != Signal::Leave {}
}

fn failed(editor: &str, ended: ExitStatus) -> String {
    match ended.code() {
        Some(126 | 127) => {
            format!("{editor} cannot be started. Set VISUAL or EDITOR to your editor; the text is as it was.")
        }
        Some(code) => format!("{editor} ended with exit code {code}: the text is as it was."),
        None => format!("{editor} was killed: the text is as it was."),
    }
}

/// Tells an editor to end, and ends it when it does not.
async fn end(child: &mut Child) {
    if let Some(pid) = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?)) {
        let _ = kill_process(pid, Number::TERM);
    }
    if tokio::time::timeout(END_WITHIN, child.wait()).await.is_err() {
        let _ = child.kill().await;
    }
}

/// The file the editor has; dropping it removes it.
struct Sheet(PathBuf);

impl Sheet {
    fn put(folder: &Path, text: &str) -> std::io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let mut places = (0..100).map(|number| folder.join(format!("edit-{}-{number}.txt", std::process::id())));
        let opened = places.find_map(|place| {
            match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&place) {
                // A process of the same number left it behind.
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => None,
                opened => Some(opened.map(|file| (place, file))),
            }
        });
        let (place, mut file) = opened.ok_or_else(|| std::io::Error::other("there is no free name for a file"))??;
        let sheet = Self(place);
        file.write_all(text.as_bytes())?;
        if !text.is_empty() {
            file.write_all(b"\n")?;
        }
        Ok(sheet)
    }

    /// What an editor wrote that did not end by itself; `None` when that is nothing: it may have been about to.
    fn rescue(self) -> Option<String> {
        let mut unsaved = self.0.clone().into_os_string();
        unsaved.push(UNSAVED);
        let unsaved = Self(unsaved.into());
        let texts = [unsaved, self].map(|sheet| {
            sheet.read().unwrap_or_else(|sentence| {
                tracing::warn!(sentence, "what the editor wrote");
                String::new()
            })
        });
        texts.into_iter().find(|text| !text.trim().is_empty())
    }

    fn read(self) -> Result<String, String> {
        let most = u64::try_from(LONGEST_TEXT).unwrap_or(u64::MAX);
        let mut bytes = Vec::new();
        let read = File::open(&self.0).and_then(|file| file.take(most + 1).read_to_end(&mut bytes));
        read.map_err(|error| format!("What the editor wrote cannot be read: {error}. The text is as it was."))?;
        if bytes.len() > LONGEST_TEXT {
            let place = self.0.display().to_string();
            // Nobody's text is thrown away: it stays where it is.
            std::mem::forget(self);
            return Err(format!("The text is longer than {LONGEST_TEXT} bytes and is left in {place}."));
        }
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

impl Drop for Sheet {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    async fn with(editor: &str, text: &str) -> (Result<Edited, String>, Vec<String>) {
        let folder = tempfile::tempdir().expect("a folder");
        let state = folder.path().join("state");
        let mut signals = Signals::listen().expect("signals");
        let edited = edit(editor, &state, text, &mut signals).await;
        let left = std::fs::read_dir(&state).expect("the folder").filter_map(Result::ok);
        (edited, left.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect())
    }

    #[test]
    fn visual_comes_before_editor_and_what_is_empty_names_nothing() {
        let of =
            |visual: &str, editor: &str| chosen(|name| Some(if name == "VISUAL" { visual } else { editor }.to_owned()));
        assert_eq!(
            (of("code --wait", "ed").as_str(), of(" ", "ed").as_str(), of("", "").as_str()),
            ("code --wait", "ed", "vi")
        );
        assert_eq!(chosen(|_| None), "vi");
    }

    #[tokio::test]
    async fn what_the_editor_leaves_is_the_text_and_nothing_stays_behind() {
        let (edited, left) = with("printf 'two\\n決済\\n' >>", "one").await;
        assert_eq!(edited, Ok(Edited::Text("one\ntwo\n決済\n".into())));
        assert_eq!(left, Vec::<String>::new());
    }

    #[tokio::test]
    async fn nobody_else_may_read_what_is_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let sheet = Sheet::put(folder.path(), "a secret, by mistake").expect("a file");
        let mode = std::fs::metadata(&sheet.0).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let other = Sheet::put(folder.path(), "another").expect("beside it");
        assert_ne!(sheet.0, other.0);
    }

    #[tokio::test]
    async fn an_editor_that_fails_changes_nothing_and_is_named() {
        let (failed, left) = with("false", "mine").await;
        assert!(failed.is_err_and(|why| why.contains("false ended with exit code 1") && why.contains("as it was")));
        assert_eq!(left, Vec::<String>::new());
        let (missing, _) = with("no-such-editor-anywhere", "mine").await;
        assert!(missing.is_err_and(|why| why.contains("no-such-editor-anywhere cannot be started")));
    }

    #[test]
    fn of_an_editor_that_was_ended_the_text_is_what_it_wrote_last() {
        let folder = tempfile::tempdir().expect("a folder");
        let sheet = || Sheet::put(folder.path(), "mine").expect("a file");
        assert_eq!(sheet().rescue().as_deref(), Some("mine\n"));
        let truncated = sheet();
        std::fs::write(&truncated.0, "").expect("room");
        assert_eq!(truncated.rescue(), None, "it was about to write");
        let open = sheet();
        std::fs::write(format!("{}.save", open.0.display()), "mine, and more").expect("room");
        assert_eq!(open.rescue().as_deref(), Some("mine, and more"));
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0, "nothing stays behind");
    }

    #[tokio::test]
    async fn a_text_that_is_too_long_is_refused_and_not_lost() {
        let (long, left) = with("head -c 70000 /dev/zero >", "mine").await;
        assert!(long.is_err_and(|why| why.contains("longer than 65536 bytes")));
        assert_eq!(left.len(), 1);
    }
}
