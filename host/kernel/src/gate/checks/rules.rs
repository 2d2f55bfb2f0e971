//! Do the operator's rules forbid this, now that the arguments are known?

use std::borrow::Cow;

use super::policy::permitted;
use crate::facts::{Effect, Origin, Scope};
use crate::flow::Draft;
use crate::gate::{Check, Refusal};
use crate::ports::{Arguments, Ruling, Stance};

/// Refuses what a rule forbids for these arguments and what no rule permits, and keeps what the rules
/// said for the decision. A rule that a person has overridden for this very request asks instead.
pub(super) struct Rules;

impl Check for Rules {
    fn name(&self) -> &'static str {
        "rules"
    }

    fn check(&self, draft: &mut Draft) -> Result<(), Refusal> {
        let ruling = {
            let arguments = about(draft)?;
            let ruling = draft.ask_rules(Some(arguments))?;
            if ruling.stance == Stance::Never { draft.ask_overridden(about(draft)?, ruling)? } else { ruling }
        };
        permitted(self.name(), &ruling).map_err(|no| {
            draft.stop(&ruling);
            overridable(no, draft, &ruling)
        })?;
        draft.accept_ruling(ruling);
        Ok(())
    }
}

/// Says how a person is asked about it nevertheless, where one can be.
fn overridable(mut no: Refusal, draft: &Draft, ruling: &Ruling) -> Refusal {
    if ruling.stance == Stance::Never && ruling.rule.is_some() && !draft.request().rehearse {
        let id = draft.request().id;
        no.message.push_str(&format!(
            "; to ask for this call to be let through once: `ares-host approvals request-override {id} --reason TEXT`"
        ));
    }
    no
}

/// What rules may look at of the arguments.
fn about(draft: &Draft) -> Result<Arguments<'_>, Refusal> {
    let capability = &draft.route()?.capability;
    let mut about = Arguments { blast: blast(draft)?, ..Arguments::default() };
    about.findings.extend(draft.guarded().iter().map(|finding| finding.rule));
    for target in &capability.targets {
        for text in draft.arguments().into_iter().flat_map(|arguments| target.texts(arguments)) {
            match &target.within {
                Scope::Net(_) => {
                    about
                        .hosts
                        .extend(Origin::of_url(text).map(|origin| Cow::Owned(origin.host.to_string())));
                }
                Scope::Folder(name) => about.paths.push(Cow::Owned(format!("{name}:{text}"))),
                _ => {}
            }
        }
    }
    about.hosts.sort_unstable();
    about.hosts.dedup();
    about.paths.sort_unstable();
    about.paths.dedup();
    about.findings.sort_unstable();
    about.findings.dedup();
    Ok(about)
}

/// How much a call reaches, from the class and the folders of its capability. See [`Arguments::blast`].
fn blast(draft: &Draft) -> Result<u8, Refusal> {
    let capability = &draft.route()?.capability;
    Ok(match capability.effect {
        Effect::Pure | Effect::Read => 0,
        Effect::Write if capability.grants.folders().is_empty() => 1,
        Effect::Write => 2,
        Effect::Network | Effect::Message => 3,
        Effect::Destructive => 4,
    })
}
