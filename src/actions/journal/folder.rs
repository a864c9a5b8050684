//! The folder of the journal: which chains lie open in it, and whose journal it is.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// How many hexadecimal digits tell one journal from another.
const ID_DIGITS: usize = 12;

/// The folder of the chains.
pub(super) fn of(state: &Path) -> PathBuf {
    state.join("journal")
}

/// Makes a folder for its owner alone.
pub(super) fn make(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Waits until the names in a folder are on disk: they must survive a power cut as well as what they name.
pub(super) fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// The files of the chains that are not sealed, oldest first; none when there is no journal yet.
pub(super) fn files(state: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(of(state)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<_>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "jsonl"));
    // The name begins with the time.
    files.sort();
    Ok(files)
}

/// The name of a chain: that of its file, without its ending.
pub(super) fn name(file: &Path) -> String {
    file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The id of this journal, by which a shared store tells its chains from those of other machines; `None` when it has none yet.
///
/// It stands beside the folder, not in it: who takes the whole folder away still leaves what the store can be asked for.
pub(super) fn id(state: &Path) -> Option<String> {
    let text = fs::read_to_string(state.join("journal-id")).ok()?;
    is_id(text.trim()).then(|| text.trim().to_owned())
}

/// The same; where there is none it is made.
pub(super) fn made_id(state: &Path) -> io::Result<String> {
    if let Some(id) = id(state) {
        return Ok(id);
    }
    let made = format!("{:08x}{:04x}", random(), random() & 0xffff);
    let aside = state.join(format!("journal-id.{made}"));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&aside)?;
    let linked = file.write_all(made.as_bytes()).and_then(|()| file.sync_all()).and_then(|()| {
        // Two processes may make one at once: the first counts, and a broken one counts for nothing.
        match fs::hard_link(&aside, state.join("journal-id")) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && id(state).is_none() => {
                fs::rename(&aside, state.join("journal-id"))
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            linked => linked,
        }
    });
    let _ = fs::remove_file(&aside);
    linked?;
    id(state).ok_or_else(|| io::Error::other("the id of the journal cannot be read back"))
}

/// The id in the name of a chain; `None` for one of before there were ids.
pub(super) fn id_in(name: &str) -> Option<&str> {
    name.rsplit_once('-').map(|(_, id)| id).filter(|id| is_id(id))
}

fn is_id(text: &str) -> bool {
    text.len() == ID_DIGITS && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A number nobody guesses.
pub(super) fn random() -> u32 {
    use std::hash::{BuildHasher, Hasher};
    let number = std::hash::RandomState::new().build_hasher().finish();
    u32::try_from(number & u64::from(u32::MAX)).unwrap_or(0)
}
