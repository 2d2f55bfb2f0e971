//! What the program was asked for.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail};

use crate::targets::{self, TARGETS, Target};

/// How long it runs when nobody says, over all targets.
const SECONDS: u64 = 60;

/// One of three things to do.
pub(crate) enum Arguments {
    /// Each target in a process of its own.
    Fuzz(Plan),
    /// One input again.
    Replay { target: &'static Target, file: PathBuf },
    /// One target, in this process.
    Inside { target: &'static Target, plan: Plan },
}

/// Which targets, from which seed, and for how long.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) targets: Vec<&'static Target>,
    pub(crate) seed: u64,
    /// For all targets together.
    pub(crate) time: Duration,
    /// At most so many inputs for each target.
    pub(crate) inputs: u64,
}

impl Plan {
    /// What one target may take.
    pub(crate) fn share(&self) -> Duration {
        self.time / u32::try_from(self.targets.len().max(1)).unwrap_or(1)
    }
}

impl Arguments {
    pub(crate) fn of_this_process() -> anyhow::Result<Self> {
        Self::read(std::env::args_os().skip(1))
    }

    fn read(given: impl Iterator<Item = OsString>) -> anyhow::Result<Self> {
        let mut plan = Plan {
            targets: Vec::new(),
            seed: fresh_seed(),
            time: Duration::from_secs(SECONDS),
            inputs: u64::MAX,
        };
        let (mut replay, mut inside, mut given) = (None, false, given);
        while let Some(argument) = given.next() {
            let argument = argument.into_string().map_err(|other| {
                anyhow::anyhow!("{} is no option and no target", other.to_string_lossy().escape_debug())
            })?;
            let mut value = || given.next().with_context(|| format!("{argument} needs a value"));
            match argument.as_str() {
                "--seconds" => plan.time = Duration::from_secs(number(&value()?)?),
                "--seed" => plan.seed = number(&value()?)?,
                "--inputs" => plan.inputs = number(&value()?)?,
                "--replay" => replay = Some(PathBuf::from(value()?)),
                "--inside" => inside = true,
                option if option.starts_with('-') => {
                    bail!(
                        "there is no option {option}: there are --seconds N, --seed N, --inputs N, --replay FILE"
                    )
                }
                name => plan.targets.push(targets::named(name)?),
            }
        }
        match (replay, inside, plan.targets.as_slice()) {
            (None, false, _) => {
                if plan.targets.is_empty() {
                    plan.targets = TARGETS.iter().collect();
                }
                Ok(Self::Fuzz(plan))
            }
            (Some(file), false, [target]) => Ok(Self::Replay { target, file }),
            (None, true, [target]) => Ok(Self::Inside { target, plan }),
            _ => bail!("name the one target the input is for: --replay FILE TARGET"),
        }
    }
}

fn number(text: &std::ffi::OsStr) -> anyhow::Result<u64> {
    let text = text.to_string_lossy();
    text.parse().with_context(|| format!("{} is not a whole number", text.escape_debug()))
}

/// Another one each time, unless someone names one.
fn fresh_seed() -> u64 {
    std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), std::process::id())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> anyhow::Result<Arguments> {
        Arguments::read(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn without_a_name_it_is_every_target() {
        let Ok(Arguments::Fuzz(plan)) = read("--seconds 7 --seed 3") else { panic!("another thing to do") };
        assert_eq!((plan.targets.len(), plan.seed, plan.time.as_secs()), (TARGETS.len(), 3, 7));
        assert!(plan.share() < plan.time);
    }

    #[test]
    fn what_makes_no_sense_is_told() {
        for (line, says) in [
            ("manifset", "no target"),
            ("--seconds", "needs a value"),
            ("--seconds x", "not a whole number"),
            ("--fast", "no option"),
            ("--replay x", "the one target"),
        ] {
            let error = read(line).err().expect(line).to_string();
            assert!(error.contains(says), "{line}: {error}");
        }
    }
}
