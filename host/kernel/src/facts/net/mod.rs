//! Rules for the network: which origins, by which methods.

mod address;
mod origin;

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub use address::special;
pub use origin::{Host, Origin, OriginError, Scheme};

use crate::name::NetName;
use crate::text::quoted;

/// A method of HTTP (RFC 9110, section 9; PATCH: RFC 5789). CONNECT and TRACE are not among them: the one
/// makes a tunnel nobody looks into, the other shows what the host added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "the names are the methods")]
pub enum Method {
    Get,
    Head,
    Options,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Get, Self::Head, Self::Options, Self::Post, Self::Put, Self::Patch, Self::Delete];

    /// As it stands in a request.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Options => "OPTIONS",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// The text is not a method that can be granted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not a method that can be granted: write GET, HEAD, OPTIONS, POST, PUT, PATCH or DELETE")]
pub struct MethodError(String);

impl FromStr for Method {
    type Err = MethodError;
    fn from_str(text: &str) -> Result<Self, MethodError> {
        Self::ALL
            .into_iter()
            .find(|method| method.as_str() == text)
            .ok_or_else(|| MethodError(quoted(text, 40)))
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a manifest asks for under one name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetAsk {
    /// The most it may ever be granted; nothing when the operator chooses.
    pub origins: Option<BTreeSet<Origin>>,
    /// The methods it uses.
    pub methods: BTreeSet<Method>,
}

impl NetAsk {
    /// Whether this origin may be granted.
    #[must_use]
    pub fn allows(&self, origin: &Origin) -> bool {
        self.origins.as_ref().is_none_or(|ceiling| ceiling.iter().any(|rule| rule.covers(origin)))
    }

    /// What it lets a plugin do, in words for the person who grants it.
    #[must_use]
    pub fn meaning(&self) -> String {
        let joined = |texts: Vec<String>| texts.join(", ");
        let methods = joined(self.methods.iter().map(ToString::to_string).collect());
        match &self.origins {
            None => format!("send requests ({methods}) to hosts you choose"),
            Some(origins) => {
                let origins = joined(origins.iter().map(ToString::to_string).collect());
                format!("send requests ({methods}) to {origins}")
            }
        }
    }

    /// Whether everything that was asked before includes what is asked now.
    #[must_use]
    pub fn within(&self, before: &Self) -> bool {
        let origins = match &self.origins {
            None => before.origins.is_none(),
            Some(now) => now.iter().all(|origin| before.allows(origin)),
        };
        origins && self.methods.is_subset(&before.methods)
    }
}

/// What is granted under one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetRule {
    /// The name the manifest gives it.
    pub name: NetName,
    /// Where requests may go.
    pub origins: BTreeSet<Origin>,
    /// By which methods.
    pub methods: BTreeSet<Method>,
}

impl NetRule {
    /// The granted origin that allows a request to this one.
    #[must_use]
    pub fn origin(&self, wanted: &Origin) -> Option<&Origin> {
        self.origins.iter().find(|origin| origin.covers(wanted))
    }
}
