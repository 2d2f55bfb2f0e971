//! A skeptic to begin from: asks a person before anything is deleted.
use ares_sdk::Failure;
use ares_sdk::skeptic::{Brief, Review};

/// Words in the name of a capability that deletes.
const WORDS: [&str; 4] = ["delete", "remove", "purge", "drop"];

/// Holds against a call that its name says it deletes, so that a person is asked.
#[ares_sdk::capability(effect = "pure")]
pub fn review(brief: Brief) -> Result<Review, Failure> {
    let name = brief.capability.to_lowercase();
    let mut words = name.split(['_', '-', '.']);
    if words.any(|word| WORDS.contains(&word)) {
        let review = Review::default().block(format!("`{}` deletes something", brief.capability));
        return Ok(Review { alternatives: vec!["keep it under another name".to_owned()], ..review });
    }
    Ok(Review::default())
}

ares_sdk::plugin!(review);

#[cfg(test)]
mod tests {
    use ares_sdk::skeptic::{Brief, History, Severity};

    use super::review;

    fn brief(capability: &str) -> Brief {
        Brief {
            capability: capability.into(),
            plugin: "notes".into(),
            version: "0.1.0".into(),
            blake3: "ab".into(),
            effect: "write".into(),
            caller: "human:you".into(),
            origin: "human:you".into(),
            arguments: "{}".into(),
            score: 6000,
            level: "medium".into(),
            tier: "tier 3".into(),
            history: History { uses: 0, good: 0, wrong: 0, invalid: 0 },
            recent: vec![],
            findings: vec![],
        }
    }

    #[test]
    fn what_deletes_is_asked_about() {
        for (capability, blocks) in
            [("delete_note", true), ("file.remove", true), ("undelete", false), ("put", false)]
        {
            let review = review(brief(capability)).unwrap();
            assert_eq!(review.objections.first().map(|one| one.severity), blocks.then_some(Severity::Block));
        }
    }
}
