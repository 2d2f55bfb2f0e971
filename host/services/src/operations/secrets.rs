//! The stored secrets: set, listed, rotated, removed. No answer holds a value.

use ares_kernel::{Caller, SecretName, SecretValue};
use serde_json::json;

use super::{Answer, Operations, json as to_json};
use crate::operation::{Hidden, Problem};

fn name(text: &str) -> Result<SecretName, Problem> {
    text.parse().map_err(|error| Problem::invalid("bad-name", error))
}

fn value(hidden: Hidden) -> Result<SecretValue, Problem> {
    SecretValue::new(hidden.reveal()).map_err(|error| Problem::invalid("bad-secret", error))
}

impl Operations {
    pub(super) async fn secrets_list(&self) -> Answer {
        to_json(&self.0.book.with(|registry| registry.secrets()).await?)
    }

    pub(super) async fn secret_set(&self, caller: Caller, secret: &str, hidden: Hidden) -> Answer {
        let (name, value) = (name(secret)?, value(hidden)?);
        to_json(&self.0.book.with(move |registry| registry.secret_set(&name, value, &caller)).await?)
    }

    pub(super) async fn secret_rotate(&self, caller: Caller, secret: &str, hidden: Hidden) -> Answer {
        let (name, value) = (name(secret)?, value(hidden)?);
        to_json(&self.0.book.with(move |registry| registry.secret_rotate(&name, value, &caller)).await?)
    }

    pub(super) async fn secret_remove(&self, caller: Caller, secret: &str) -> Answer {
        let name = name(secret)?;
        let gone = name.clone();
        let granted = self.0.book.with(move |registry| registry.secret_remove(&gone, &caller)).await?;
        Ok(json!({ "name": name, "granted": granted }))
    }
}
