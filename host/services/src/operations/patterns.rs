//! Patterns, looked up and told of.

use ares_kernel::Caller;
use ares_kernel::gate::Tier;
use ares_registry::{PatternMatch, UseOf};
use serde_json::{Value, json};

use super::{Answer, Operations, invocation, json as to_json};
use crate::operation::Problem;
use crate::patterns::{PatternSettings, PatternWish};

impl Operations {
    pub(super) async fn patterns(&self, caller: Caller, wish: PatternWish) -> Answer {
        let book = &self.0.book;
        match wish {
            PatternWish::List { anti } => to_json(&book.with(move |registry| registry.patterns(anti)).await?),
            PatternWish::Show { id } => to_json(&book.with(move |registry| registry.pattern(&id)).await?),
            PatternWish::Match { text } => {
                let found = book.with(move |registry| registry.patterns_in(&text)).await?;
                found.iter().map(|found| recommended(found, self.0.patterns)).collect()
            }
            PatternWish::Matrix => to_json(&book.with(|registry| registry.tech_matrix()).await?),
            PatternWish::Suggestions => {
                let mut found = book.with(|registry| registry.patterns(false)).await?;
                found.retain(ares_registry::PatternView::is_due);
                to_json(&found)
            }
            PatternWish::Promote { id } => {
                to_json(&book.with(move |registry| registry.pattern_promote(&id, &caller)).await?)
            }
            PatternWish::Add { pattern } => {
                to_json(&book.with(move |registry| registry.pattern_add(pattern, &caller)).await?)
            }
            PatternWish::Remove { id } => {
                to_json(&book.with(move |registry| registry.pattern_remove(&id, &caller)).await?)
            }
            PatternWish::Used { name, technology, good, invocation: shown } => {
                let shown = shown.as_deref().map(invocation).transpose()?;
                let what = if technology { UseOf::Technology(name) } else { UseOf::Pattern(name) };
                Ok(book.with(move |registry| registry.pattern_used(what, good, shown, &caller)).await?)
            }
        }
    }
}

/// A match, and whether it is recommended.
fn recommended(found: &PatternMatch, settings: PatternSettings) -> Result<Value, Problem> {
    let why_not = why_not(found, settings);
    let mut row = to_json(found)?;
    if let Some(row) = row.as_object_mut() {
        row.insert("recommended".to_owned(), json!(why_not.is_none()));
        row.extend(why_not.map(|why| ("why_not".to_owned(), json!(why))));
    }
    Ok(row)
}

fn why_not(found: &PatternMatch, settings: PatternSettings) -> Option<String> {
    let pattern = &found.pattern;
    let lower = pattern.bounds.map_or(0, |bounds| bounds.lower);
    match pattern.tier {
        Tier::Anti if pattern.better.is_empty() => Some("its record speaks against it".to_owned()),
        Tier::Anti => Some(format!("it is an anti-pattern; better: {}", pattern.better)),
        tier if settings.tier_1_only && tier != Tier::First => {
            Some(format!("it is {}, and `patterns.tier_1_only` is set", tier.as_str()))
        }
        _ if lower < settings.min_confidence => {
            let least = settings.min_confidence;
            Some(format!("at least {lower} bp are good, less than `patterns.min_confidence`, {least}"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ares_registry::{Options, Registry};

    use super::*;
    use crate::testing::Still;

    fn advice(text: &str, tier_1_only: bool, min_confidence: u16) -> Vec<(String, bool)> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("registry.db");
        let registry = Registry::open(&path, Options::new(folder.path(), Arc::new(Still))).unwrap();
        let settings = PatternSettings { tier_1_only, min_confidence };
        let found = registry.patterns_in(text).unwrap();
        found.iter().map(|found| (found.pattern.id.clone(), why_not(found, settings).is_none())).collect()
    }

    fn rows(rows: &[(&str, bool)]) -> Vec<(String, bool)> {
        rows.iter().map(|(id, good)| ((*id).to_owned(), *good)).collect()
    }

    #[test]
    fn only_the_first_tier_where_that_is_set() {
        let text = "sqlite rules";
        let both = rows(&[("database-first", true), ("rules-and-model", true)]);
        assert_eq!(advice(text, false, 5000), both);
        assert_eq!(advice(text, true, 5000), rows(&[("database-first", true), ("rules-and-model", false)]));
    }

    #[test]
    fn what_is_not_sure_enough_is_shown_and_not_recommended() {
        assert_eq!(advice("sentiment", false, 5000), rows(&[("local-sentiment", false)]));
        assert_eq!(advice("sentiment", false, 0), rows(&[("local-sentiment", true)]));
        assert_eq!(advice("sqlite", false, 9500), rows(&[("database-first", false)]));
        assert_eq!(advice("hard filter", false, 0), rows(&[("hard-filter", false)]));
    }
}
