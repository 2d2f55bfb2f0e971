//! Secrets the operator stored on the host: spent in requests, never seen. Granted by
//! `[[permissions.secrets]]` in the manifest.
//!
//! ```no_run
//! # fn main() -> Result<(), ares_sdk::Failure> {
//! let token = ares_sdk::secrets::open("GITHUB_TOKEN")?.placeholder();
//! let authorization = format!("Bearer {token}");
//! # Ok(())
//! # }
//! ```
//!
//! The header goes into the request as it is, with the placeholder `{{GITHUB_TOKEN}}` in it; the
//! host puts the value there on the way out, where the secret may be spent.
use crate::Failure;
#[cfg(target_family = "wasm")]
use crate::bindings::ares::host::secrets as host;
#[cfg(not(target_family = "wasm"))]
use crate::native::secrets as host;

pub use crate::bindings::ares::host::secrets::Error;

/// A secret this call may spend.
pub struct Secret(host::Secret);

/// The secret of this name.
///
/// # Errors
/// When it is not granted to this plugin, the capability is of a class weaker than `network`, or
/// nobody has set it.
pub fn open(name: &str) -> Result<Secret, Error> {
    host::open(name).map(Secret)
}

impl Secret {
    /// What to write into a header or an address where the value belongs: `{{NAME}}`.
    #[must_use]
    pub fn placeholder(&self) -> String {
        self.0.placeholder()
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::NotGranted(text) => Self::new("not-granted", text),
            Error::Unavailable(text) => Self::new("unavailable", text),
        }
    }
}
