//! Budgets, looked at and set.

use ares_kernel::Caller;
use serde_json::json;

use super::{Answer, Operations, json as to_json, noted};
use crate::budgets::{BudgetWish, Read, read};

impl Operations {
    pub(super) async fn budgets(&self, caller: Caller, wish: BudgetWish) -> Answer {
        let book = &self.0.book;
        match read(wish)? {
            Read::List => to_json(&book.with(|registry| registry.budgets()).await?),
            Read::Set(set) => {
                let note = book.registry().unprovided(set.plugin.as_ref(), set.capability.as_ref());
                let set = book.with(move |registry| registry.set_budget(set, &caller)).await?;
                noted(to_json(&set)?, note.as_slice())
            }
            Read::Remove(name) => {
                let removed = name.clone();
                book.with(move |registry| registry.remove_budget(&name, &caller)).await?;
                Ok(json!({ "removed": removed }))
            }
        }
    }
}
