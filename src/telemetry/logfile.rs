//! The log file: one, with one predecessor, never larger than its limit.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use super::redact;

/// The largest log file; then it becomes `quarterdeck.log.1`.
const LARGEST: u64 = 4 * 1024 * 1024;

/// Sends the log to `quarterdeck.log` in a state folder; `level` as in `RUST_LOG`, `warn` when absent. The file is made with its first line.
pub fn open(state: &Path, level: Option<&str>) {
    let filter = level.and_then(|level| EnvFilter::try_new(level).ok()).unwrap_or_else(|| EnvFilter::new("warn"));
    let log = Log(Mutex::new(Written { path: state.join("log").join("quarterdeck.log"), file: None, size: 0 }));
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(log).finish();
    // A second call keeps the first log.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

struct Log(Mutex<Written>);

struct Written {
    path: PathBuf,
    file: Option<File>,
    size: u64,
}

/// One line on its way.
struct Line<'a>(&'a Log, Vec<u8>);

impl<'a> MakeWriter<'a> for Log {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line(self, Vec::new())
    }
}

impl Write for Line<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.1.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Line<'_> {
    fn drop(&mut self) {
        let line = redact(&String::from_utf8_lossy(&self.1));
        // A log that cannot be written must not stop what it tells of.
        let _ = self.0.0.lock().unwrap_or_else(PoisonError::into_inner).append(line.as_bytes());
    }
}

impl Written {
    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        if self.size + line.len() as u64 > LARGEST {
            self.file = None;
            fs::rename(&self.path, self.path.with_extension("log.1"))?;
        }
        if self.file.is_none() {
            if let Some(folder) = self.path.parent() {
                fs::create_dir_all(folder)?;
            }
            let file = OpenOptions::new().create(true).append(true).mode(0o600).open(&self.path)?;
            self.size = file.metadata()?.len();
            self.file = Some(file);
        }
        if let Some(file) = &mut self.file {
            file.write_all(line)?;
            self.size += line.len() as u64;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_is_redacted_private_and_bounded() -> io::Result<()> {
        use std::os::unix::fs::PermissionsExt;
        let state = tempfile::tempdir()?;
        let path = state.path().join("log").join("quarterdeck.log");
        let log = Log(Mutex::new(Written { path: path.clone(), file: None, size: 0 }));
        log.make_writer().write_all(b"Bearer abcdefgh\n")?;
        assert_eq!(fs::read_to_string(&path)?, "Bearer ***\n");
        assert_eq!(fs::metadata(&path)?.permissions().mode() & 0o777, 0o600);
        let megabyte = vec![b'x'; 1024 * 1024];
        for _ in 0..6 {
            log.make_writer().write_all(&megabyte)?;
        }
        assert!(fs::metadata(&path)?.len() <= LARGEST);
        assert!(path.with_extension("log.1").exists());
        Ok(())
    }
}
