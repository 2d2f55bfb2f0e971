//! The `plugin.toml` that is written, in the order its keys shall stand.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

#[derive(Serialize)]
pub(super) struct Output {
    pub(super) id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) display_name: Option<String>,
    pub(super) version: String,
    pub(super) kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) author: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) license: Option<String>,
    pub(super) component: Component,
    pub(super) behavior: Behavior,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) capability: Vec<Capability>,
    #[serde(skip_serializing_if = "Dependencies::is_empty")]
    pub(super) dependencies: Dependencies,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) config: Option<Value>,
}

#[derive(Serialize)]
pub(super) struct Component {
    pub(super) path: String,
    pub(super) world: &'static str,
}

#[derive(Serialize)]
pub(super) struct Behavior {
    pub(super) auto_start: bool,
    pub(super) enabled: bool,
}

#[derive(Serialize)]
pub(super) struct Capability {
    pub(super) name: String,
    pub(super) effects: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) input: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) output: Option<Value>,
}

#[derive(Serialize, Default)]
pub(super) struct Dependencies {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) modules: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) python: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) system: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) apis: Vec<Api>,
}

impl Dependencies {
    fn is_empty(&self) -> bool {
        self.modules.is_empty() && self.python.is_empty() && self.system.is_empty() && self.apis.is_empty()
    }
}

#[derive(Serialize)]
pub(super) struct Api {
    pub(super) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) endpoint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) auth: Option<String>,
}
