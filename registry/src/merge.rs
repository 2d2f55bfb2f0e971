//! Joins what the manifest declares with what the component describes into the record that is
//! pinned.

use std::collections::BTreeMap;

use ares_kernel::CapabilityId;
use ares_kernel::facts::{Effect, Schema, SchemaError, Scope};
use ares_kernel::ports::Described;
use ares_kernel::text::quoted;
use serde_json::Value;

use crate::manifest::words::{self, LONG_MAX};
use crate::manifest::{Declared, Manifest, WordsError};
use crate::record::CapabilityRecord;
use crate::schema_form::canonical;

#[cfg(test)]
mod tests;
mod topics;

/// Which of a capability's schemas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// What it takes.
    Input,
    /// What it answers.
    Output,
}

impl std::fmt::Display for Side {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Input => "input",
            Self::Output => "output",
        })
    }
}

/// Why manifest and component do not belong together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// The component can do something the manifest is silent about.
    #[error(
        "the component describes the capability {0}, which the manifest does not declare; add a [[capability]] of that name"
    )]
    NotDeclared(String),
    /// The manifest promises something the component does not do.
    #[error(
        "the manifest declares the capability `{0}`, which the component does not describe; build it again or take it out"
    )]
    NotExported(CapabilityId),
    /// Neither says that it can do anything.
    #[error("neither manifest nor component has a single capability")]
    Nothing,
    /// The component describes one name twice.
    #[error("the component describes the capability `{0}` twice")]
    Twice(CapabilityId),
    /// The two disagree about what a call may do.
    #[error(
        "the capability `{capability}` is `{declared}` in the manifest and `{described}` in the component; they must be the same"
    )]
    OtherEffect {
        /// The capability.
        capability: CapabilityId,
        /// The manifest's word.
        declared: Effect,
        /// The component's.
        described: Effect,
    },
    /// A pure capability that needs something.
    #[error(
        "the capability `{0}` is pure, so it reaches nothing and needs nothing; take its `needs` out, or is it `read`?"
    )]
    PureNeeds(CapabilityId),
    /// The description is too long or hides something.
    #[error("the description of the capability `{capability}` cannot be shown")]
    Description {
        /// The capability.
        capability: CapabilityId,
        /// Why not.
        #[source]
        source: WordsError,
    },
    /// Nothing says what it does.
    #[error("the capability `{0}` has no description; people and models choose by it")]
    NoDescription(CapabilityId),
    /// A schema this host does not take.
    #[error("the {side} schema of the capability `{capability}` cannot be used")]
    Schema {
        /// The capability.
        capability: CapabilityId,
        /// Which schema.
        side: Side,
        /// Why not.
        #[source]
        source: SchemaError,
    },
    /// A text inside a schema hides something.
    #[error("the {side} schema of the capability `{capability}` has a text that cannot be shown")]
    SchemaText {
        /// The capability.
        capability: CapabilityId,
        /// Which schema.
        side: Side,
        /// Why not.
        #[source]
        source: WordsError,
    },
    /// An input that is not an object.
    #[error(
        "the input schema of the capability `{0}` is not for an object; the input is always a JSON object, so say `\"type\": \"object\"`"
    )]
    InputNotAnObject(CapabilityId),
    /// A target that is no argument.
    #[error(
        "the capability `{capability}` has the target {argument}, which is no argument of its input; known are {known}"
    )]
    NoSuchArgument {
        /// The capability.
        capability: CapabilityId,
        /// The target, escaped and quoted.
        argument: String,
        /// The arguments there are.
        known: String,
    },
    /// A target in a folder nobody asked for.
    #[error(
        "the capability `{capability}` has a target in `{within}`, which it does not need or [permissions] does not ask for"
    )]
    NoSuchGrant {
        /// The capability.
        capability: CapabilityId,
        /// The grant.
        within: Scope,
    },
    /// A subscription whose events the capability would refuse.
    #[error(
        "the capability `{capability}` cannot be called with events about `{topic}`: {why}; its input takes `topic`, `payload`, `id`, `publisher` and `at`"
    )]
    Subscription {
        /// The capability.
        capability: CapabilityId,
        /// The topic.
        topic: ares_kernel::Topic,
        /// What its schema says against them, escaped.
        why: String,
    },
}

/// Joins the two, in the manifest's order. The manifest's words win over the component's.
///
/// # Errors
/// The first disagreement, or the first schema or description this host does not take.
pub fn merge(manifest: &Manifest, described: Vec<Described>) -> Result<Vec<CapabilityRecord>, MergeError> {
    let mut by_name: BTreeMap<CapabilityId, Described> = BTreeMap::new();
    for capability in described {
        let Ok(id) = capability.name.parse::<CapabilityId>() else {
            return Err(MergeError::NotDeclared(quoted(&capability.name, 100)));
        };
        if manifest.capability(id.as_str()).is_none() {
            return Err(MergeError::NotDeclared(quoted(id.as_str(), 100)));
        }
        if by_name.insert(id.clone(), capability).is_some() {
            return Err(MergeError::Twice(id));
        }
    }
    if manifest.capabilities.is_empty() {
        return Err(MergeError::Nothing);
    }
    let join_one = |declared: &Declared| match by_name.remove(&declared.id) {
        Some(described) => join(manifest, declared, described),
        None => Err(MergeError::NotExported(declared.id.clone())),
    };
    manifest.capabilities.iter().map(join_one).collect()
}

fn join(
    manifest: &Manifest,
    declared: &Declared,
    described: Described,
) -> Result<CapabilityRecord, MergeError> {
    let capability = || declared.id.clone();
    if declared.effect != described.effect {
        return Err(MergeError::OtherEffect {
            capability: capability(),
            declared: declared.effect,
            described: described.effect,
        });
    }
    if declared.effect == Effect::Pure && !declared.needs.is_empty() {
        return Err(MergeError::PureNeeds(capability()));
    }
    let description = declared.description.clone().unwrap_or_else(|| described.description.trim().to_owned());
    if description.is_empty() {
        return Err(MergeError::NoDescription(capability()));
    }
    words::check(&description, LONG_MAX, true)
        .map_err(|source| MergeError::Description { capability: capability(), source })?;
    let input =
        schema(&declared.id, Side::Input, declared.input.as_deref().unwrap_or(&described.input_schema))?;
    let output =
        schema(&declared.id, Side::Output, declared.output.as_deref().unwrap_or(&described.output_schema))?;
    takes_an_object(&declared.id, &input)?;
    targets_fit(manifest, declared, &input)?;
    topics::fit(manifest, declared, &input)?;
    Ok(CapabilityRecord {
        id: capability(),
        description,
        input_schema: input.text().to_owned(),
        output_schema: output.text().to_owned(),
        effect: declared.effect,
        reversible: declared.reversible,
        undo: declared.undo.clone(),
        idempotent: declared.idempotent,
        needs: declared.needs.clone(),
        targets: declared.targets.clone(),
        timeout_ms: declared.timeout_ms,
        trade_offs: declared.trade_offs.clone(),
        sequencing: declared.sequencing.clone(),
        cost: declared.cost,
        postcheck: declared.postcheck.clone(),
        implements: declared.implements.clone(),
    })
}

/// Reads, canonicalises and compiles a schema. The first parse refuses what is too large or leads
/// outside before anything is done with it.
fn schema(id: &CapabilityId, side: Side, text: &str) -> Result<Schema, MergeError> {
    let wrong = |source| MergeError::Schema { capability: id.clone(), side, source };
    let raw = Schema::parse(text).map_err(wrong)?;
    texts_are_visible(raw.value()).map_err(|source| MergeError::SchemaText {
        capability: id.clone(),
        side,
        source,
    })?;
    let schema = Schema::parse(&canonical(raw.value())).map_err(wrong)?;
    schema.prepare().map_err(wrong)?;
    Ok(schema)
}

/// A schema's titles, descriptions, names and examples are read by people and models too.
fn texts_are_visible(value: &Value) -> Result<(), WordsError> {
    match value {
        Value::String(text) => words::visible(text, true),
        Value::Array(items) => items.iter().try_for_each(texts_are_visible),
        Value::Object(object) => object.iter().try_for_each(|(key, value)| {
            words::visible(key, false)?;
            texts_are_visible(value)
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}

/// A schema that leaves the type open would promise a caller that a list or a number is taken.
fn takes_an_object(id: &CapabilityId, input: &Schema) -> Result<(), MergeError> {
    let object = input.value().get("type").is_some_and(|kind| kind == "object");
    if object { Ok(()) } else { Err(MergeError::InputNotAnObject(id.clone())) }
}

fn targets_fit(manifest: &Manifest, declared: &Declared, input: &Schema) -> Result<(), MergeError> {
    let properties = input.value().get("properties").and_then(Value::as_object);
    for target in &declared.targets {
        let capability = declared.id.clone();
        if !properties.is_some_and(|known| known.contains_key(&target.argument)) {
            let argument = quoted(&target.argument, 80);
            let known: Vec<&str> =
                properties.iter().flat_map(|known| known.keys()).map(String::as_str).collect();
            let known = ares_kernel::text::escaped(&known.join(", "), 300);
            return Err(MergeError::NoSuchArgument { capability, argument, known });
        }
        let within = target.within.clone();
        if !declared.needs.contains(&within) || !manifest.permissions.scopes().contains(&within) {
            return Err(MergeError::NoSuchGrant { capability, within });
        }
    }
    Ok(())
}
