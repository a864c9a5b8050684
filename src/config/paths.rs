//! Where the files of the console are.

use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

const APPLICATION: &str = "quarterdeck";

/// The folders of the console, after the XDG base directory specification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    config: PathBuf,
    state: PathBuf,
}

impl Paths {
    /// The folders of this user: `$XDG_CONFIG_HOME` and `$XDG_STATE_HOME` where they are absolute, else those below the home
    /// directory. `None` when this user has no home directory.
    pub fn find() -> Option<Self> {
        let base = etcetera::base_strategy::Xdg::new().ok()?;
        Some(Self::within(&base.config_dir(), &base.state_dir()?))
    }

    /// The folders below these two.
    pub fn within(config_home: &Path, state_home: &Path) -> Self {
        Self { config: config_home.join(APPLICATION), state: state_home.join(APPLICATION) }
    }

    /// The configuration file.
    pub fn config_file(&self) -> PathBuf {
        self.config.join("config.toml")
    }

    /// The folder of the operator's keymaps, `NAME.toml` each.
    pub fn keymaps(&self) -> PathBuf {
        self.config.join("keymaps")
    }

    /// The folder of the operator's themes, `NAME.toml` each.
    pub fn themes(&self) -> PathBuf {
        self.config.join("themes")
    }

    /// The folder of what the console remembers: journals, releases seen healthy, logs.
    pub fn state(&self) -> &Path {
        &self.state
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_below_the_folders_of_the_user() {
        let paths = Paths::within(Path::new("/c"), Path::new("/s"));
        assert_eq!(paths.config_file(), Path::new("/c/quarterdeck/config.toml"));
        assert_eq!(paths.keymaps(), Path::new("/c/quarterdeck/keymaps"));
        assert_eq!(paths.themes(), Path::new("/c/quarterdeck/themes"));
        assert_eq!(paths.state(), Path::new("/s/quarterdeck"));
    }

    #[test]
    fn the_folders_found_are_absolute() {
        let paths = Paths::find();
        assert!(paths.is_none_or(|paths| paths.config_file().is_absolute() && paths.state().is_absolute()));
    }
}
