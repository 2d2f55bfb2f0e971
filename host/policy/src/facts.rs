//! From a question to what Cedar evaluates: principal, action, resource and context.

use std::collections::{HashMap, HashSet};

use ares_kernel::Caller;
use ares_kernel::facts::{Effect, Scope};
use ares_kernel::ports::{Arguments, Question};
use cedar_policy::{
    Context, Entities, Entity, EntityId, EntityTypeName, EntityUid, Request, RestrictedExpression as Value,
};

use crate::error::PolicyError;
use crate::language::Language;
use crate::roles::Roles;

/// What is asked, of a capability that there is or of one that there could be.
pub(crate) struct Asked<'a> {
    pub(crate) caller: &'a Caller,
    pub(crate) origin: &'a Caller,
    pub(crate) plugin: &'a str,
    pub(crate) version: String,
    pub(crate) blake3: String,
    pub(crate) capability: &'a str,
    pub(crate) effect: Effect,
    pub(crate) needs: &'a [Scope],
    pub(crate) arguments: Option<Said<'a>>,
}

/// What the arguments are about.
pub(crate) struct Said<'a> {
    pub(crate) hosts: Vec<&'a str>,
    pub(crate) paths: Vec<&'a str>,
    pub(crate) blast: u8,
    pub(crate) findings: Vec<&'a str>,
}

impl<'a> From<&'a Arguments<'a>> for Said<'a> {
    fn from(arguments: &'a Arguments<'a>) -> Self {
        Self {
            hosts: arguments.hosts.iter().map(AsRef::as_ref).collect(),
            paths: arguments.paths.iter().map(AsRef::as_ref).collect(),
            blast: arguments.blast,
            findings: arguments.findings.clone(),
        }
    }
}

impl<'a> From<&'a Question<'a>> for Asked<'a> {
    fn from(question: &'a Question<'a>) -> Self {
        let Question { caller, origin, plugin, capability, arguments } = question;
        Self {
            caller,
            origin,
            plugin: plugin.name.as_str(),
            version: plugin.version.to_string(),
            blake3: plugin.blake3.to_string(),
            capability: capability.id.as_str(),
            effect: capability.effect,
            needs: &capability.needs,
            arguments: arguments.as_ref().map(Said::from),
        }
    }
}

/// A scope as rules see it: as manifests write it, and its kind, so that a rule can speak of the
/// whole network.
pub(crate) fn spellings(scope: &Scope) -> [String; 2] {
    let text = scope.to_string();
    let kind = text.split_once(':').map_or_else(|| text.clone(), |(kind, _)| format!("{kind}:*"));
    [text, kind]
}

impl Asked<'_> {
    /// The request and the entities in it.
    ///
    /// # Errors
    /// When Cedar does not take them.
    pub(crate) fn put(&self, language: &Language, roles: &Roles) -> Result<(Request, Entities), PolicyError> {
        let (principal, resource) = (self.principal(language, roles)?, self.resource(language)?);
        let action = language.action(self.effect)?;
        let context = self.context()?;
        let request = Request::new(principal.uid(), action, resource.uid(), context, None).map_err(unfit)?;
        let entities = language.actions.clone().add_entities([principal, resource], None).map_err(unfit)?;
        Ok((request, entities))
    }

    fn principal(&self, language: &Language, roles: &Roles) -> Result<Entity, PolicyError> {
        let kind = match self.caller {
            Caller::Human(_) => &language.human,
            Caller::Agent(_) => &language.agent,
            Caller::Plugin(_) => &language.plugin,
        };
        let parents = roles.of(self.caller).map(|role| uid(&language.role, role));
        entity(uid(kind, self.caller.name()), party(self.caller), parents.collect())
    }

    fn resource(&self, language: &Language) -> Result<Entity, PolicyError> {
        let needs = self.needs.iter().flat_map(spellings);
        let fields = [
            ("name", text(self.capability)),
            ("plugin", text(self.plugin)),
            ("version", text(&self.version)),
            ("blake3", text(&self.blake3)),
            ("effect", text(self.effect.as_str())),
            ("needs", Value::new_set(needs.map(Value::new_string))),
        ];
        let id = format!("{}/{}", self.plugin, self.capability);
        entity(uid(&language.capability, &id), fields, HashSet::new())
    }

    fn context(&self) -> Result<Context, PolicyError> {
        let mut pairs = vec![("origin".to_owned(), record(party(self.origin))?)];
        if let Some(arguments) = &self.arguments {
            let arguments = record([
                ("hosts", texts(&arguments.hosts)),
                ("paths", texts(&arguments.paths)),
                ("blast", Value::new_long(i64::from(arguments.blast))),
                ("findings", texts(&arguments.findings)),
            ])?;
            pairs.push(("arguments".to_owned(), arguments));
        }
        Context::from_pairs(pairs).map_err(unfit)
    }
}

fn uid(kind: &EntityTypeName, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(id))
}

fn text(text: &str) -> Value {
    Value::new_string(text.to_owned())
}

fn texts(texts: &[&str]) -> Value {
    Value::new_set(texts.iter().map(|one| text(one)))
}

fn party(caller: &Caller) -> [(&'static str, Value); 2] {
    [("kind", text(caller.kind())), ("name", text(caller.name()))]
}

fn record<const N: usize>(fields: [(&str, Value); N]) -> Result<Value, PolicyError> {
    Value::new_record(fields.map(|(name, value)| (name.to_owned(), value))).map_err(unfit)
}

fn entity<const N: usize>(
    uid: EntityUid,
    fields: [(&str, Value); N],
    parents: HashSet<EntityUid>,
) -> Result<Entity, PolicyError> {
    let fields: HashMap<String, Value> =
        fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Entity::new(uid, fields, parents).map_err(unfit)
}

/// Cedar does not take what we made of the question.
fn unfit(error: impl std::error::Error) -> PolicyError {
    PolicyError::Bad(ares_kernel::text::escaped(&error.to_string(), 300))
}
