//! What a plugin needs from others before it can start.

use ares_kernel::PluginName;
use ares_kernel::facts::Plugin;
use ares_registry::DependencyView;
use semver::{Version, VersionReq};

/// How one dependency stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It is there.
    Met,
    /// It is not: why, in one sentence.
    Unmet(String),
    /// Nobody here can tell: it lies outside the sandbox, and so does not keep a plugin from
    /// starting.
    Outside,
}

impl Standing {
    /// Whether it is met, where that can be told.
    pub(crate) fn met(&self) -> Option<bool> {
        match self {
            Self::Met => Some(true),
            Self::Unmet(_) => Some(false),
            Self::Outside => None,
        }
    }
}

/// How a dependency stands, given the active versions of other plugins.
pub(crate) fn standing<P: AsRef<Plugin>>(
    needed: &DependencyView,
    active: impl Fn(&PluginName) -> Option<P>,
) -> Standing {
    let (name, wanted) = (&needed.name, needed.version_constraint.as_deref().unwrap_or("*"));
    match needed.kind.as_str() {
        "host" => compare("ares-host", wanted, &host_version()),
        "module" => {
            let found = name.parse().ok().and_then(|name| active(&name));
            let Some(found) = found else {
                return Standing::Unmet(format!(
                    "it needs plugin `{name}`, which is not registered; register it first"
                ));
            };
            let found = found.as_ref();
            if !found.enabled {
                return Standing::Unmet(format!(
                    "it needs plugin `{name}`, which is disabled; `ares-host enable {name}` allows it again"
                ));
            }
            compare(&format!("plugin `{name}`"), wanted, &found.version)
        }
        _ => Standing::Outside,
    }
}

fn compare(what: &str, wanted: &str, found: &Version) -> Standing {
    match VersionReq::parse(wanted) {
        Ok(requirement) if requirement.matches(found) => Standing::Met,
        Ok(_) => Standing::Unmet(format!("it needs {what} {wanted}; there is {found}")),
        Err(error) => {
            Standing::Unmet(format!("it needs {what} `{wanted}`, which is no version requirement: {error}"))
        }
    }
}

fn host_version() -> Version {
    // Cargo checks the package's own version before it builds anything.
    Version::parse(env!("CARGO_PKG_VERSION")).unwrap_or(Version::new(0, 0, 0))
}

/// The first required dependency that is not met.
pub(crate) fn first_unmet<P: AsRef<Plugin>>(
    needed: &[DependencyView],
    active: impl Fn(&PluginName) -> Option<P>,
) -> Option<String> {
    needed.iter().filter(|needed| needed.required).find_map(|needed| match standing(needed, &active) {
        Standing::Unmet(why) => Some(why),
        Standing::Met | Standing::Outside => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::plugin;
    use std::sync::Arc;

    fn needs(kind: &str, name: &str, constraint: Option<&str>, required: bool) -> DependencyView {
        DependencyView {
            kind: kind.to_owned(),
            name: name.to_owned(),
            version_constraint: constraint.map(ToOwned::to_owned),
            required,
            detail: None,
        }
    }

    fn unmet(needed: DependencyView, enabled: bool) -> Option<String> {
        let demo = Arc::new(Plugin { enabled, ..plugin(|_| {}) });
        first_unmet(&[needed], |name| (name == &demo.name).then(|| Arc::clone(&demo)))
    }

    #[test]
    fn a_required_module_must_be_there_enabled_and_of_the_version() {
        for (constraint, enabled, met) in [
            (None, true, true),
            (Some(">=1.0.0"), true, true),
            (Some("~1.0"), true, true),
            (Some("=1.0.0"), true, true),
            (Some(">=2.0.0"), true, false),
            (Some(">=1.0.0"), false, false),
        ] {
            let why = unmet(needs("module", "demo", constraint, true), enabled);
            assert_eq!(why.is_none(), met, "{constraint:?} {enabled}: {why:?}");
        }
        assert!(unmet(needs("module", "base", None, true), true).unwrap().contains("not registered"));
    }

    #[test]
    fn optional_and_outside_ones_block_nothing() {
        assert_eq!(unmet(needs("module", "base", None, false), true), None);
        for kind in ["python", "system", "api"] {
            assert_eq!(unmet(needs(kind, "numpy", Some(">=1"), true), true), None);
        }
    }

    #[test]
    fn the_host_s_own_version_is_compared() {
        assert_eq!(unmet(needs("host", "ares-host", Some(">=0.1.0"), true), true), None);
        assert!(unmet(needs("host", "ares-host", Some(">=99"), true), true).is_some());
    }
}
