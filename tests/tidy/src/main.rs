//! Writes the FROZEN lists; `cargo xtask freeze --help` explains it.

use ares_tidy::{Repository, frozen, repository};
use std::collections::BTreeMap;
use std::io;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match freeze(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn freeze(arguments: &[&str]) -> io::Result<()> {
    let repository = Repository::open()?;
    let migrations = frozen::migration_hashes(&repository);
    let tracks = frozen::track_hashes(&repository);
    match arguments {
        [] => {
            let listed = frozen::list(&repository, frozen::MIGRATIONS);
            let new: Vec<&String> = migrations.keys().filter(|name| !listed.contains_key(*name)).collect();
            add(&repository, frozen::MIGRATIONS, &migrations, &new)
        }
        ["--replace", name] => add(&repository, frozen::MIGRATIONS, &migrations, &[&(*name).to_owned()]),
        ["--wit", track] if frozen::list(&repository, frozen::TRACKS).contains_key(*track) => {
            Err(io::Error::other(format!("{track} is frozen already")))
        }
        ["--wit", track] => add(&repository, frozen::TRACKS, &tracks, &[&(*track).to_owned()]),
        _ => Err(io::Error::other("expected nothing, `--replace FILE.sql` or `--wit TRACK`")),
    }
}

fn add(
    repository: &Repository,
    path: &str,
    hashes: &BTreeMap<String, String>,
    names: &[&String],
) -> io::Result<()> {
    let mut listed = frozen::list(repository, path);
    for name in names {
        let hash =
            hashes.get(*name).ok_or_else(|| io::Error::other(format!("there is no {name} for {path}")))?;
        listed.insert((*name).clone(), hash.clone());
        eprintln!("{path}: {name} is {hash}");
    }
    let mut text = String::from(
        "# Written by `cargo xtask freeze`. What stands here was released and does not change.\n",
    );
    for (name, hash) in listed {
        text.push_str(&format!("{hash}  {name}\n"));
    }
    fs_err::write(repository::root().join(path), text)
}
