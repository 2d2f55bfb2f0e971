//! The process's environment, read once, here and nowhere else.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

/// The prefix of variables that set a key of `ares.toml`.
pub(crate) const KEY_PREFIX: &str = "ARES_HOST_";

/// The variables this program knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Environment {
    /// `ARES_STATE`: the state directory.
    pub state: Option<PathBuf>,
    /// `XDG_STATE_HOME`, where absolute as the specification demands.
    pub xdg_state: Option<PathBuf>,
    /// `HOME`.
    pub home: Option<PathBuf>,
    /// `ARES_HOST_…`: keys of `ares.toml`.
    pub keys: BTreeMap<String, String>,
    /// `NO_COLOR` is set and not empty, or `TERM` is `dumb`.
    pub no_color: bool,
}

impl Environment {
    /// Reads the environment of this process.
    #[must_use]
    pub(crate) fn read() -> Self {
        Self::from_variables(std::env::vars_os())
    }

    fn from_variables(variables: impl Iterator<Item = (OsString, OsString)>) -> Self {
        let mut read = Self::default();
        for (name, value) in variables {
            let Some(name) = name.to_str() else { continue };
            if value.is_empty() {
                continue;
            }
            match name {
                "ARES_STATE" => read.state = Some(value.into()),
                "XDG_STATE_HOME" => {
                    read.xdg_state = Some(PathBuf::from(value)).filter(|path| path.is_absolute())
                }
                "HOME" => read.home = Some(value.into()),
                "NO_COLOR" => read.no_color = true,
                "TERM" => read.no_color |= value == "dumb",
                _ if name.starts_with(KEY_PREFIX) => {
                    read.keys.insert(name.to_owned(), value.to_string_lossy().into_owned());
                }
                _ => {}
            }
        }
        read
    }

    /// The state directory when no flag names one.
    #[must_use]
    pub(crate) fn state_directory(&self) -> Option<PathBuf> {
        if let Some(state) = &self.state {
            return Some(state.clone());
        }
        let base =
            self.xdg_state.clone().or_else(|| self.home.as_ref().map(|home| home.join(".local/state")));
        base.map(|base| base.join("ares-host"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(variables: &[(&str, &str)]) -> Environment {
        Environment::from_variables(variables.iter().map(|(name, value)| (name.into(), value.into())))
    }

    #[test]
    fn the_state_directory_follows_the_xdg_specification() {
        let home = environment(&[("HOME", "/h")]);
        assert_eq!(home.state_directory(), Some("/h/.local/state/ares-host".into()));
        let xdg = environment(&[("HOME", "/h"), ("XDG_STATE_HOME", "/x")]);
        assert_eq!(xdg.state_directory(), Some("/x/ares-host".into()));
        let relative = environment(&[("HOME", "/h"), ("XDG_STATE_HOME", "x")]);
        assert_eq!(relative.state_directory(), home.state_directory());
        let own = environment(&[("ARES_STATE", "here"), ("XDG_STATE_HOME", "/x")]);
        assert_eq!(own.state_directory(), Some("here".into()));
        assert_eq!(environment(&[("ARES_STATE", "")]).state_directory(), None);
    }

    #[test]
    fn colour_can_be_refused() {
        assert!(environment(&[("NO_COLOR", "1")]).no_color);
        assert!(environment(&[("TERM", "dumb")]).no_color);
        assert!(!environment(&[("NO_COLOR", ""), ("TERM", "xterm")]).no_color);
    }
}
