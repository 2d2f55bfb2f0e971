//! `plugin!`: exports the whole world for a list of capabilities and the hooks a plugin wants.
use serde::de::DeserializeOwned;

use crate::{Failure, health::Report, json};

/// What the host calls around the capabilities. Every answer defaults to "fine".
pub trait Hooks {
    /// Before the first call.
    ///
    /// # Errors
    /// Whatever keeps the plugin from starting.
    fn setup() -> Result<(), Failure> {
        Ok(())
    }

    /// After the last call.
    ///
    /// # Errors
    /// Whatever the operator should read in the log.
    fn teardown() -> Result<(), Failure> {
        Ok(())
    }

    /// Whether the plugin is fit to work.
    fn health() -> Report {
        crate::health::healthy()
    }

    /// May the plugin run with these values?
    ///
    /// # Errors
    /// Why not.
    fn validate(_values: &str) -> Result<(), Failure> {
        Ok(())
    }

    /// These values hold from now on.
    ///
    /// # Errors
    /// Why they cannot.
    fn apply(_values: &str) -> Result<(), Failure> {
        Ok(())
    }
}

/// Hands configuration values to a hook as the type it takes.
///
/// # Errors
/// `invalid-config` when they have another shape, otherwise what the hook says.
pub fn with_values<T: DeserializeOwned>(
    hook: impl FnOnce(T) -> Result<(), Failure>,
    values: &str,
) -> Result<(), Failure> {
    let values = json::decode(values)
        .map_err(|error| Failure::new("invalid-config", format!("the configuration: {error}")))?;
    hook(values)
}

/// The failure for a name that is none of the plugin's.
#[must_use]
pub fn unknown(name: &str) -> Failure {
    Failure::new("unknown-capability", format!("this plugin has no capability `{name}`"))
}

/// Exports a plugin: `plugin!(first, second)`, or with hooks
/// `plugin! { capabilities: [first, second], setup: prepare, health: check }`.
///
/// The hooks are `setup` and `teardown` (`fn() -> Result<(), Failure>`), `health`
/// (`fn() -> health::Report`), `validate` and `apply` (`fn(T) -> Result<(), Failure>` with a
/// configuration type `T` of the plugin's own). The manifest says whether the host calls `setup`
/// and `teardown`.
#[macro_export]
macro_rules! plugin {
    (capabilities: [$($capability:path),+ $(,)?] $(, $hook:ident: $function:path)* $(,)?) => {
        struct __Plugin;

        // Natively nothing is exported; without a use the hooks would count as dead code.
        #[cfg(not(target_family = "wasm"))]
        const _: __Plugin = __Plugin;

        const _: () = {
            use $crate::bindings::exports::ares::host as world;

            impl $crate::plugin::Hooks for __Plugin {
                $($crate::__hook!($hook, $function);)*
            }

            impl world::capability::Guest for __Plugin {
                fn describe() -> ::std::vec::Vec<$crate::Descriptor> {
                    ::std::vec![$($crate::describe::<$capability>()),+]
                }

                fn invoke(
                    name: ::std::string::String,
                    input: ::std::string::String,
                    context: $crate::Context,
                ) -> ::std::result::Result<::std::string::String, $crate::Failure> {
                    $(if name == <$capability as $crate::Capability>::NAME {
                        return $crate::invoke::<$capability>(&input, &context);
                    })+
                    ::std::result::Result::Err($crate::plugin::unknown(&name))
                }
            }

            impl world::health::Guest for __Plugin {
                fn check() -> $crate::health::Report {
                    <Self as $crate::plugin::Hooks>::health()
                }
            }

            impl world::config::Guest for __Plugin {
                fn validate(values: ::std::string::String) -> ::std::result::Result<(), $crate::Failure> {
                    <Self as $crate::plugin::Hooks>::validate(&values)
                }

                fn apply(values: ::std::string::String) -> ::std::result::Result<(), $crate::Failure> {
                    <Self as $crate::plugin::Hooks>::apply(&values)
                }
            }

            impl world::lifecycle::Guest for __Plugin {
                fn setup() -> ::std::result::Result<(), $crate::Failure> {
                    <Self as $crate::plugin::Hooks>::setup()
                }

                fn teardown() -> ::std::result::Result<(), $crate::Failure> {
                    <Self as $crate::plugin::Hooks>::teardown()
                }
            }
        };

        #[cfg(target_family = "wasm")]
        #[allow(unsafe_code, reason = "exporting a symbol is unsafe to the compiler")]
        const _: () = {
            $crate::bindings::export_world!(__Plugin with_types_in $crate::bindings);
        };
    };
    ($($capability:path),+ $(,)?) => {
        $crate::plugin! { capabilities: [$($capability),+] }
    };
}

/// One hook of `plugin!`.
#[doc(hidden)]
#[macro_export]
macro_rules! __hook {
    (setup, $function:path) => {
        fn setup() -> ::std::result::Result<(), $crate::Failure> {
            $function()
        }
    };
    (teardown, $function:path) => {
        fn teardown() -> ::std::result::Result<(), $crate::Failure> {
            $function()
        }
    };
    (health, $function:path) => {
        fn health() -> $crate::health::Report {
            $function()
        }
    };
    (validate, $function:path) => {
        fn validate(values: &str) -> ::std::result::Result<(), $crate::Failure> {
            $crate::plugin::with_values($function, values)
        }
    };
    (apply, $function:path) => {
        fn apply(values: &str) -> ::std::result::Result<(), $crate::Failure> {
            $crate::plugin::with_values($function, values)
        }
    };
    ($other:ident, $function:path) => {
        ::std::compile_error!(::std::concat!(
            "`",
            ::std::stringify!($other),
            "` is no hook: write `setup`, `teardown`, `health`, `validate` or `apply`"
        ));
    };
}
