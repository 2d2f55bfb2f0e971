//! How many steps it takes to check a value against a schema, counted before it is done: parts that refer to
//! each other can make a short schema and a short value take for ever.

use std::collections::HashMap;

use serde_json::{Map, Value};

/// So many steps are always fine.
pub(super) const STEPS_FREE: u64 = 100_000;
/// And so many more for each value inside the value.
const STEPS_EACH: u64 = 32;
/// How deep parts may lead into each other, through all levels of the value.
const DEPTH_MAX: u32 = 1000;

/// One part of a schema: how much it does itself, and which parts it hands what to.
#[derive(Debug, Default)]
struct Part {
    /// Words it compares, names it looks up.
    own: u64,
    /// For the same value; `twice` when it asks again what they looked at.
    here: Vec<usize>,
    twice: bool,
    /// For the values of an object.
    properties: HashMap<String, usize>,
    further: Option<usize>,
    every: Vec<usize>,
    /// For its names.
    names: Option<usize>,
    /// For the values of an array.
    prefix: Vec<usize>,
    items: Vec<usize>,
}

/// What a schema costs.
#[derive(Debug)]
pub(super) struct Cost {
    parts: Vec<Part>,
    /// Steps for one value when every part meets it; nothing when that is more than anyone needs.
    whole: Option<u64>,
}

/// What checking one value takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Steps {
    /// Few enough to also say what is wrong where.
    Few,
    /// Enough for its size.
    Many,
    /// More than this.
    TooMany(u64),
}

impl Cost {
    /// Looks at a schema once.
    pub(super) fn of(schema: &Value) -> Self {
        let mut reader =
            Reader { root: schema, known: HashMap::new(), waiting: Vec::new(), parts: Vec::new() };
        reader.part(schema);
        while let Some((at, object)) = reader.waiting.pop() {
            let part = reader.read(object);
            if let Some(place) = reader.parts.get_mut(at) {
                *place = part;
            }
        }
        let mut cost = Self { parts: reader.parts, whole: None };
        let mut left = STEPS_FREE;
        cost.whole = cost.expand(&mut left).then(|| STEPS_FREE - left);
        cost
    }

    /// How many steps a value takes.
    pub(super) fn steps(&self, value: &Value) -> Steps {
        let values = count(value);
        if self.whole.is_some_and(|whole| whole.saturating_mul(values) <= STEPS_FREE) {
            return Steps::Few;
        }
        let most = STEPS_FREE.saturating_add(STEPS_EACH.saturating_mul(values));
        let mut left = most;
        if !self.walk(value, &mut left) {
            return Steps::TooMany(most);
        }
        if most - left <= STEPS_FREE { Steps::Few } else { Steps::Many }
    }

    /// Whether every part is met within what is left, on any one value.
    fn expand(&self, left: &mut u64) -> bool {
        let mut waiting = vec![(0, 0)];
        while let Some((part, depth)) = waiting.pop() {
            let Some(part) = self.begin(part, depth, left) else { return false };
            let inside = part.properties.values().chain(&part.further).chain(&part.every).chain(&part.names);
            let all = part.here_again().chain(inside).chain(&part.prefix).chain(&part.items);
            waiting.extend(all.map(|next| (*next, depth + 1)));
        }
        true
    }

    /// Whether this value is done with what is left. No recursion: the value and the schema are foreign.
    fn walk(&self, value: &Value, left: &mut u64) -> bool {
        let mut waiting = vec![(0, value, 0)];
        while let Some((part, value, depth)) = waiting.pop() {
            let Some(part) = self.begin(part, depth, left) else { return false };
            let mut to = |next: &usize, value| waiting.push((*next, value, depth + 1));
            part.here_again().for_each(|next| to(next, value));
            match value {
                Value::Object(object) => {
                    for (name, value) in object {
                        let own = part.properties.get(name).or(part.further.as_ref());
                        own.into_iter().chain(&part.every).for_each(|next| to(next, value));
                        part.names.iter().for_each(|next| to(next, &Value::Null));
                    }
                }
                Value::Array(items) => {
                    for (at, value) in items.iter().enumerate() {
                        part.prefix.get(at).into_iter().chain(&part.items).for_each(|next| to(next, value));
                    }
                }
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
            }
        }
        true
    }

    /// The part, when there are depth and steps left for it.
    fn begin(&self, part: usize, depth: u32, left: &mut u64) -> Option<&Part> {
        let part = self.parts.get(part).filter(|_| depth <= DEPTH_MAX)?;
        *left = left.checked_sub(part.own.saturating_add(1))?;
        Some(part)
    }
}

impl Part {
    fn here_again(&self) -> impl Iterator<Item = &usize> {
        let again = if self.twice { self.here.as_slice() } else { &[] };
        self.here.iter().chain(again)
    }
}

/// How many values there are, this one and all inside.
fn count(value: &Value) -> u64 {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(object) => object.values().map(count).sum::<u64>(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

/// Finds the parts. A list of what waits instead of recursion: references make chains of any length.
struct Reader<'s> {
    root: &'s Value,
    known: HashMap<*const Value, usize>,
    waiting: Vec<(usize, &'s Map<String, Value>)>,
    parts: Vec<Part>,
}

impl<'s> Reader<'s> {
    /// The number of a part, which is read when it is its turn.
    fn part(&mut self, schema: &'s Value) -> usize {
        if let Some(known) = self.known.get(&std::ptr::from_ref(schema)) {
            return *known;
        }
        let number = self.parts.len();
        self.known.insert(schema, number);
        self.parts.push(Part::default());
        self.waiting.extend(schema.as_object().map(|object| (number, object)));
        number
    }

    fn list(&mut self, schemas: &'s Value) -> Vec<usize> {
        schemas.as_array().into_iter().flatten().map(|schema| self.part(schema)).collect()
    }

    fn named(&mut self, schemas: &'s Value) -> impl Iterator<Item = (&'s String, usize)> {
        let object = schemas.as_object().into_iter().flatten();
        object.map(|(name, schema)| (name, self.part(schema)))
    }

    fn read(&mut self, object: &'s Map<String, Value>) -> Part {
        let mut part = Part::default();
        for (keyword, value) in object {
            let words = value.as_array().map_or(0, Vec::len) + value.as_object().map_or(0, Map::len);
            part.own = part.own.saturating_add(1 + words as u64);
            match keyword.as_str() {
                "allOf" | "anyOf" | "oneOf" => part.here.extend(self.list(value)),
                "not" | "if" | "then" | "else" => part.here.push(self.part(value)),
                "dependentSchemas" => part.here.extend(self.named(value).map(|(_, part)| part)),
                "$ref" | "$dynamicRef" => {
                    let target = value.as_str().and_then(|to| target(self.root, to));
                    part.here.extend(target.map(|schema| self.part(schema)));
                }
                "properties" => {
                    part.properties = self.named(value).map(|(name, part)| (name.clone(), part)).collect();
                }
                "patternProperties" => part.every.extend(self.named(value).map(|(_, part)| part)),
                "additionalProperties" => part.further = Some(self.part(value)),
                "propertyNames" => part.names = Some(self.part(value)),
                "prefixItems" => part.prefix = self.list(value),
                "items" | "contains" => part.items.push(self.part(value)),
                "unevaluatedProperties" | "unevaluatedItems" => {
                    let inner = self.part(value);
                    part.twice = true;
                    let to = if keyword == "unevaluatedItems" { &mut part.items } else { &mut part.every };
                    to.push(inner);
                }
                _ => {}
            }
        }
        part
    }
}

/// Where a reference inside the schema leads: `#`, `#/a/pointer` or `#anchor`.
fn target<'s>(root: &'s Value, reference: &str) -> Option<&'s Value> {
    let place = reference.strip_prefix('#')?;
    if place.is_empty() || place.starts_with('/') {
        return root.pointer(&decoded(place));
    }
    anchored(root, place)
}

fn anchored<'s>(value: &'s Value, anchor: &str) -> Option<&'s Value> {
    match value {
        Value::Object(object) => {
            let names = ["$anchor", "$dynamicAnchor"].iter().filter_map(|keyword| object.get(*keyword));
            if names.into_iter().any(|name| name == anchor) {
                return Some(value);
            }
            object.values().find_map(|inner| anchored(inner, anchor))
        }
        Value::Array(items) => items.iter().find_map(|inner| anchored(inner, anchor)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

/// A pointer in a fragment may have its bytes written as `%41`.
fn decoded(pointer: &str) -> String {
    let mut bytes = Vec::with_capacity(pointer.len());
    let mut rest = pointer.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let digits = after.get(..2).filter(|_| byte == b'%').and_then(|two| std::str::from_utf8(two).ok());
        match digits.and_then(|two| u8::from_str_radix(two, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn steps(schema: &Value, value: &Value) -> Steps {
        Cost::of(schema).steps(value)
    }

    fn doubled(levels: usize) -> Value {
        let part = |n: usize| json!({"allOf": [{"$ref": format!("#/$defs/{}", n + 1)}, {"$ref": format!("#/$defs/{}", n + 1)}]});
        let mut parts: Map<String, Value> = (0..levels).map(|n| (n.to_string(), part(n))).collect();
        parts.insert(levels.to_string(), json!({"type": "object"}));
        json!({"$defs": parts, "$ref": "#/$defs/0"})
    }

    fn nested(levels: usize) -> Value {
        (0..levels).fold(json!(1), |inner, _| json!({"a": inner}))
    }

    #[test]
    fn parts_that_double_at_every_step_are_too_many() {
        assert_eq!(steps(&doubled(4), &json!({})), Steps::Few);
        assert!(matches!(steps(&doubled(40), &json!({})), Steps::TooMany(_)));
        let again = json!({"properties": {"a": {"$ref": "#"}}});
        let both = json!({"anyOf": [again, again]});
        assert_eq!(steps(&both, &nested(5)), Steps::Few);
        assert!(matches!(steps(&both, &nested(60)), Steps::TooMany(_)));
        let asked_again =
            (0..30).fold(json!({}), |inner, _| json!({"allOf": [inner], "unevaluatedProperties": false}));
        assert!(matches!(steps(&asked_again, &json!({"a": 1})), Steps::TooMany(_)));
    }

    #[test]
    fn what_leads_to_itself_without_end_is_too_many() {
        assert!(matches!(steps(&json!({"$ref": "#"}), &json!({})), Steps::TooMany(_)));
        let anchors = json!({"$anchor": "x", "not": {"$ref": "#x"}});
        assert!(matches!(steps(&anchors, &json!({})), Steps::TooMany(_)));
        let encoded = json!({"$defs": {"a b": {"$ref": "#/$defs/a%20b"}}, "$ref": "#/$defs/a%20b"});
        assert!(matches!(steps(&encoded, &json!({})), Steps::TooMany(_)));
    }

    #[test]
    fn ordinary_recursion_goes_as_deep_as_json_does() {
        let tree =
            json!({"properties": {"a": {"$ref": "#"}, "b": {"$ref": "#"}}, "additionalProperties": false});
        assert_eq!(steps(&tree, &nested(63)), Steps::Few);
        let list = json!({"items": {"$ref": "#/$defs/row"}, "$defs": {"row": {"properties": {"a": {"type": "integer"}}}}});
        let rows = Value::from(vec![json!({"a": 1}); 50_000]);
        assert_eq!(steps(&list, &rows), Steps::Many);
    }

    #[test]
    fn long_lists_of_words_count_for_every_value() {
        let words: Vec<u32> = (0..9000).collect();
        let all = json!({"items": {"enum": words}});
        assert_eq!(steps(&all, &json!([1])), Steps::Few);
        assert!(matches!(steps(&all, &Value::from(vec![1; 10_000])), Steps::TooMany(_)));
    }
}
