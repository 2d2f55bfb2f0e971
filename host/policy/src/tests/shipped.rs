//! Each shipped rule on a call it decides and on one it does not, and what the documents say of them.

use std::collections::BTreeSet;

use super::*;
use crate::language::Language;
use crate::read;
use crate::rule::{Category, Layer, Says};
use crate::shipped::{FILES, FINDINGS};

/// A rule, a call it decides, and one just beside it that it does not.
fn fixtures() -> Vec<(&'static str, Call, Call)> {
    use Effect::{Destructive, Message, Network, Pure, Read, Write};
    let send = || call("send", Message).by(person());
    let pay = || call("payment.send", Message);
    vec![
        ("inside-runs", call("x", Pure), call("x", Write)),
        ("changes-ask", call("x", Network), call("x", Read)),
        ("m1-outgoing-asks", call("x", Message).through("courier"), send()),
        ("m1-wide-change-asks", call("x", Write).saying(3, &[]), call("x", Write).saying(2, &[])),
        ("m2-destructive-asks", call("x", Destructive).by(person()), call("x", Write).by(person())),
        ("m2-irreversible-asks", call("x", Network).saying(4, &[]), call("x", Network).saying(3, &[])),
        (
            "m3-no-key-leaves",
            call("x", Network).saying(3, &["aws-secret-key"]),
            call("x", Write).saying(1, &["aws-secret-key"]),
        ),
        (
            "m3-no-foreign-code",
            call("x", Destructive).saying(1, &["pipe-to-shell"]),
            call("x", Write).saying(1, &["pipe-to-shell"]),
        ),
        (
            "m4-no-hidden-text",
            call("x", Message).saying(3, &["tag-characters"]),
            call("x", Read).saying(0, &["tag-characters"]),
        ),
        (
            "catastrophic-data-wipe",
            call("x", Destructive).saying(4, &["delete-everything"]),
            call("x", Destructive).saying(4, &[]),
        ),
        (
            "catastrophic-remote-wipe",
            call("x", Network).saying(4, &["make-file-system"]),
            call("x", Network).saying(3, &["make-file-system"]),
        ),
        (
            "catastrophic-physical-unattended",
            call("actuator.open", Write),
            call("actuator.open", Write).by(person()),
        ),
        (
            "catastrophic-impersonation",
            send().saying(3, &["host-lookalike"]),
            call("x", Network).saying(3, &["host-lookalike"]),
        ),
        (
            "catastrophic-credential-theft",
            call("x", Network).saying(3, &["credential-sweep"]),
            call("x", Read).saying(0, &["credential-sweep"]),
        ),
        ("catastrophic-spending-unattended", pay().saying(4, &[]), pay().saying(3, &[])),
        (
            "catastrophic-break-in",
            call("x", Network).saying(3, &["cloud-metadata-address"]),
            call("x", Read).saying(0, &["cloud-metadata-address"]),
        ),
    ]
}

#[test]
fn every_shipped_rule_decides_a_call_and_leaves_its_neighbour_alone() {
    let rules = Place::new().open();
    let fixtures = fixtures();
    for (id, decides, leaves) in &fixtures {
        assert_eq!(decides.decided(&rules).1, *id);
        assert_ne!(leaves.decided(&rules).1, *id);
    }
    let shown: BTreeSet<&str> = fixtures.iter().map(|(id, _, _)| *id).collect();
    let there: BTreeSet<&str> = rules.shipped.iter().map(|rule| rule.id.as_str()).collect();
    assert_eq!(shown, there, "each shipped rule needs its fixture");
}

#[test]
fn no_permit_of_an_operator_lifts_a_mandate_or_a_catastrophic_rule() {
    let rules = Place::with("@id(\"all\") permit (principal, action, resource);").open();
    for (id, decides, _) in fixtures() {
        let stance = decides.stance(&rules);
        match rules.shipped.iter().find(|rule| rule.id == id).unwrap().says {
            Says::Catastrophic(_) => assert_eq!(stance, Stance::Catastrophic, "{id}"),
            Says::Forbid => assert_eq!(stance, Stance::Never, "{id}"),
            Says::AskForbid => assert_eq!(stance, Stance::Ask, "{id}"),
            Says::Permit | Says::AskPermit => assert_eq!(stance, Stance::Auto, "{id}"),
        }
    }
}

#[test]
fn each_category_has_a_rule() {
    let rules = Place::new().open();
    for category in Category::ALL {
        assert!(rules.shipped.iter().any(|rule| rule.says == Says::Catastrophic(category)), "{category}");
    }
}

#[test]
fn the_shipped_rules_hold_against_the_schema() {
    let language = Language::get().unwrap();
    for (name, text) in FILES {
        let rules = read::rules(language, Layer::Shipped, name, text).unwrap();
        read::validate(language, name, text, &rules).unwrap();
        let wrong = text.replace(", resource)", ", resource) when { resource.nme == \"a\" }");
        let rules = read::rules(language, Layer::Shipped, name, &wrong).unwrap();
        assert!(read::validate(language, name, &wrong, &rules).is_err(), "{name}");
    }
}

#[test]
fn every_shipped_rule_says_why() {
    for rule in Place::new().open().shipped {
        assert!(rule.reason.is_some() && rule.text.starts_with("@id"), "{}", rule.id);
    }
}

#[test]
fn the_list_of_findings_is_what_the_shipped_rules_name() {
    let text: String = FILES.iter().map(|(_, text)| *text).collect();
    let mut named = BTreeSet::new();
    for after in text.split("findings.contains").skip(1) {
        let list = after.split(')').next().unwrap();
        named.extend(list.split('"').skip(1).step_by(2));
    }
    assert_eq!(named.into_iter().collect::<Vec<_>>(), FINDINGS);
}

#[test]
fn the_guard_has_every_rule_that_a_shipped_rule_names() {
    for finding in FINDINGS {
        assert!(ares_guard::rule(finding).is_some(), "{finding}");
    }
}

#[test]
fn the_rules_of_the_document_are_taken() {
    let document = include_str!("../../../../docs/policy.md");
    let block =
        |kind: &str| document.split(&format!("```{kind}\n")).nth(1).unwrap().split("```").next().unwrap();
    let roles = block("toml").replace("[roles.", "[");
    let table = toml::de::DeTable::parse(&roles).unwrap();
    let mut place = Place::with(block("cedar"));
    place.roles = Roles::read(table.get_ref(), |_| String::new()).unwrap();
    assert_eq!(place.open().problem(), None);
}

#[test]
fn the_document_lists_every_shipped_rule_as_it_is() {
    let document = include_str!("../../../../docs/policy.md");
    let rows: BTreeSet<&str> = document.lines().filter(|line| line.starts_with("| `")).collect();
    for rule in Place::new().open().shipped {
        let category = match rule.says {
            Says::Catastrophic(category) => format!("`@catastrophic(\"{category}\") forbid`"),
            says => format!("`{}`", says.as_str()),
        };
        let row = format!("| `{}` | {category} | {} |", rule.id, rule.reason.unwrap());
        assert!(rows.contains(row.as_str()), "docs/policy.md lacks\n{row}");
    }
}
