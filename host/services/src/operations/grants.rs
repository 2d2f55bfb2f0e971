//! What plugins may reach.

use std::collections::BTreeMap;

use ares_kernel::facts::{Place, Scope};
use ares_kernel::{Caller, PluginName};
use ares_registry::GrantView;
use serde_json::json;

use super::{Answer, Operations, Places, name};
use crate::operation::Problem;

/// Scopes as they were written.
pub(super) fn parse(grants: &Places) -> Result<BTreeMap<Scope, Option<Place>>, Problem> {
    let one = |(text, place): (&String, &Option<String>)| {
        let scope = scope(text)?;
        let place = place.as_ref().map(|place| self::place(&scope, place)).transpose()?;
        Ok((scope, place))
    };
    grants.iter().map(one).collect()
}

/// Whether a grant is as it was, whenever it was given.
fn same(before: &GrantView, now: &GrantView) -> bool {
    *before == GrantView { granted_at_ms: before.granted_at_ms, ..now.clone() }
}

fn place(scope: &Scope, text: &str) -> Result<Place, Problem> {
    if !matches!(scope, Scope::Net(_)) {
        return Ok(Place::Folder(text.into()));
    }
    let origins: Result<_, _> = text.split(',').map(|origin| origin.trim().parse()).collect();
    origins.map(Place::Origins).map_err(|error| Problem::invalid("bad-origin", error))
}

fn scope(text: &str) -> Result<Scope, Problem> {
    text.parse().map_err(|error| Problem::invalid("bad-scope", error))
}

impl Operations {
    pub(super) async fn grants_of(&self, plugin: &PluginName) -> Result<Vec<GrantView>, Problem> {
        let plugin = plugin.clone();
        Ok(self.0.book.with(move |registry| registry.grants(&plugin)).await?)
    }

    pub(super) async fn grants_show(&self, plugin: &str) -> Answer {
        let plugin = name(plugin)?;
        let grants = self.grants_of(&plugin).await?;
        Ok(json!({ "plugin": plugin, "grants": grants }))
    }

    pub(super) async fn grants_allow(&self, caller: Caller, plugin: &str, grants: &Places) -> Answer {
        let (plugin, grants) = (name(plugin)?, parse(grants)?);
        let before = self.grants_of(&plugin).await?;
        let asked = plugin.clone();
        self.0.book.with(move |registry| registry.grants_allow(&asked, &grants, &caller)).await?;
        let grants = self.grants_of(&plugin).await?;
        let new = grants.iter().filter(|grant| !before.iter().any(|before| same(before, grant)));
        let new: Vec<_> = new.map(|grant| grant.scope.as_str()).collect();
        let closely = format!("it may reach what it could not, or otherwise: {}", new.join(", "));
        let closely = if new.is_empty() { Err("it had all of it") } else { Ok(closely) };
        let judged = self.standing(&plugin, closely)?;
        Ok(json!({ "plugin": plugin, "grants": grants, "judged": judged }))
    }

    pub(super) async fn grants_revoke(&self, caller: Caller, plugin: &str, scopes: &[String]) -> Answer {
        let plugin = name(plugin)?;
        let scopes = scopes.iter().map(|text| scope(text)).collect::<Result<_, _>>()?;
        let asked = plugin.clone();
        self.0.book.with(move |registry| registry.grants_revoke(&asked, &scopes, &caller)).await?;
        self.grants_show(plugin.as_str()).await
    }
}
