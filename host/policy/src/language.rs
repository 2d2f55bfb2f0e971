//! What rules may speak of: the Cedar schema and the names in it, read once.

use std::collections::HashMap;
use std::sync::LazyLock;

use ares_kernel::facts::Effect;
use cedar_policy::{Entities, EntityId, EntityTypeName, EntityUid, Schema, Validator};

use crate::error::PolicyError;

/// The schema's text.
pub(crate) const SCHEMA: &str = include_str!("schema.cedarschema");

/// The schema, ready to be used.
pub(crate) struct Language {
    pub(crate) validator: Validator,
    /// Actions with the groups they are in.
    pub(crate) actions: Entities,
    pub(crate) human: EntityTypeName,
    pub(crate) agent: EntityTypeName,
    pub(crate) plugin: EntityTypeName,
    pub(crate) role: EntityTypeName,
    pub(crate) capability: EntityTypeName,
    effects: HashMap<Effect, EntityUid>,
}

static LANGUAGE: LazyLock<Result<Language, String>> = LazyLock::new(|| Language::read().map_err(|why| why.0));

/// Why the schema is not one.
struct Unsound(String);

impl<E: std::error::Error> From<E> for Unsound {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

impl Language {
    /// The one language.
    ///
    /// # Errors
    /// When the schema this was built with is unsound, which a test rules out.
    pub(crate) fn get() -> Result<&'static Self, PolicyError> {
        LANGUAGE.as_ref().map_err(|why| PolicyError::Shipped(why.clone()))
    }

    fn read() -> Result<Self, Unsound> {
        let (schema, _) = Schema::from_cedarschema_str(SCHEMA)?;
        let action: EntityTypeName = "Action".parse()?;
        let effects = Effect::ALL.into_iter().map(|effect| {
            let id = EntityId::new(effect.as_str());
            (effect, EntityUid::from_type_name_and_id(action.clone(), id))
        });
        Ok(Self {
            actions: schema.action_entities()?,
            human: "Human".parse()?,
            agent: "Agent".parse()?,
            plugin: "Plugin".parse()?,
            role: "Role".parse()?,
            capability: "Capability".parse()?,
            effects: effects.collect(),
            validator: Validator::new(schema),
        })
    }

    /// The action of an effect class.
    ///
    /// # Errors
    /// Never: every class has one.
    pub(crate) fn action(&self, effect: Effect) -> Result<EntityUid, PolicyError> {
        let known = self.effects.get(&effect).cloned();
        known.ok_or_else(|| PolicyError::Shipped(format!("no action for {effect}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_effect_class_is_an_action_of_one_group() {
        let language = Language::get().unwrap();
        for effect in Effect::ALL {
            let action = language.action(effect).unwrap();
            let groups: Vec<String> = language
                .actions
                .ancestors(&action)
                .unwrap()
                .map(|group| group.id().unescaped().to_owned())
                .collect();
            let wanted = if effect.changes() { "changes" } else { "inside" };
            assert!(groups.iter().any(|group| group == wanted) && groups.iter().any(|group| group == "any"));
            assert_eq!(groups.len(), 2, "{effect}: {groups:?}");
        }
    }
}
