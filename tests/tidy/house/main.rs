//! The house rules on the repository as it is, and each rule on a repository that breaks it.

use ares_tidy::{Repository, Violations, documents, frozen, guests, layout, names, rings, size, threats};

type Rule = fn(&Repository) -> Violations;

/// The rule holds here, and it notices the one thing that breaks it.
fn check(rule: Rule, broken: &[(&str, &str)], named: &str) {
    let noticed = rule(&Repository::of(broken));
    assert!(
        noticed.iter().any(|line| line.contains(named)),
        "the rule does not notice {named:?}: {noticed:?}"
    );
    let found = Repository::open().map_or_else(|error| vec![error.to_string()], |here| rule(&here));
    assert!(found.is_empty(), "{} violations:\n  {}", found.len(), found.join("\n  "));
}

mod layout_rules {
    use super::*;

    #[test]
    fn top_level() {
        check(layout::top_level, &[("Cargo.toml", "")], "justfile");
    }

    #[test]
    fn host_has_no_plugin_dep() {
        let host =
            "[package]\nname = \"ares-host\"\n[dependencies]\nnotes = { path = \"../plugins/notes\" }\n";
        let files =
            [("host/app/Cargo.toml", host), ("plugins/notes/Cargo.toml", "[package]\nname = \"notes\"\n")];
        check(rings::host_has_no_plugin_dep, &files, "`notes`");
    }

    #[test]
    fn no_binaries() {
        check(layout::no_binaries, &[("tests/data/guest.bin", "\0asm")], "guest.bin");
    }

    #[test]
    fn file_headers() {
        check(layout::file_headers, &[("host/app/src/lib.rs", "pub mod cli;\n")], "host/app/src/lib.rs");
    }

    #[test]
    fn no_foreign_paths() {
        let line = ["see /wo", "rk/main\n"].concat();
        check(layout::no_foreign_paths, &[("README.md", &line)], "README.md:1");
    }
}

mod ring_rules {
    use super::*;

    const ENGINE: &str =
        "[package]\nname = \"ares-engine\"\n[dev-dependencies]\nares-registry = \"1\"\nrusqlite = \"1\"\n";

    #[test]
    fn inner_rings_only() {
        check(rings::inner_rings_only, &[("host/engine/Cargo.toml", ENGINE)], "`ares-registry`");
    }

    #[test]
    fn every_crate_is_in_the_table() {
        let files = [("host/new/Cargo.toml", "[package]\nname = \"ares-new\"\n")];
        check(rings::inner_rings_only, &files, "`ares-new`");
    }

    #[test]
    fn walls() {
        check(rings::walls, &[("host/engine/Cargo.toml", ENGINE)], "`rusqlite`");
    }

    #[test]
    fn versions_stand_at_the_root() {
        check(rings::versions_stand_at_the_root, &[("host/engine/Cargo.toml", ENGINE)], "`rusqlite`");
    }

    #[test]
    fn dependencies_are_explained() {
        let root = "[workspace.dependencies]\nrusqlite = \"1\"\n";
        check(rings::dependencies_are_explained, &[("Cargo.toml", root)], "`rusqlite`");
    }
}

mod size_rules {
    use super::*;

    #[test]
    fn file_length() {
        let long = "//! Long.\n".repeat(601);
        check(size::file_length, &[("host/app/src/long.rs", &long)], "601 lines");
    }

    #[test]
    fn median_length() {
        let long = "//! Long.\n".repeat(151);
        check(size::median_length, &[("host/app/src/long.rs", &long)], "151 lines");
        println!("the median file has {} lines", size::median(&Repository::open().unwrap()));
    }
}

mod name_rules {
    use super::*;

    #[test]
    fn of_files() {
        check(names::forbidden, &[("host/app/src/utils.rs", "")], "`utils`");
    }

    #[test]
    fn of_types() {
        check(
            names::forbidden,
            &[("host/app/src/x.rs", &["pub struct Plugin", "Manager;"].concat())],
            "`PluginManager`",
        );
    }

    #[test]
    fn of_functions() {
        check(
            names::forbidden,
            &[("host/app/src/x.rs", &["async fn ", "handle(request: Request) {}"].concat())],
            "`handle`",
        );
    }
}

mod guest_rules {
    use super::*;

    #[test]
    fn every_folder_is_listed() {
        let files = [("plugins/Cargo.toml", "[workspace]\nmembers = []\n"), ("plugins/notes/Cargo.toml", "")];
        check(guests::listed, &files, "`notes`");
    }

    #[test]
    fn plugins_are_complete() {
        check(
            guests::plugins_are_complete,
            &[("plugins/notes/plugin.toml", "id = \"notes\"")],
            "no README.md",
        );
        check(guests::plugins_are_complete, &[("plugins/notes/README.md", "Notes.")], "no case");
    }
}

mod frozen_rules {
    use super::*;

    #[test]
    fn a_migration_does_not_change() {
        let files =
            [(frozen::MIGRATIONS, "00  0001_init.sql\n"), ("registry/migrations/0001_init.sql", "changed")];
        check(frozen::migrations, &files, "0001_init.sql: was changed");
    }

    #[test]
    fn a_migration_is_listed() {
        check(
            frozen::migrations,
            &[("registry/migrations/0001_init.sql", "new")],
            "does not list 0001_init.sql",
        );
    }

    #[test]
    fn a_released_track_does_not_change() {
        let files = [(frozen::TRACKS, "00  v0.1\n"), ("wit/v0.1/world.wit", "changed")];
        check(frozen::tracks, &files, "v0.1: was changed");
    }
}

mod document_rules {
    use super::*;

    #[test]
    fn paths_lead_somewhere() {
        let text = "see `host/nowhere.rs`\n";
        check(documents::paths_lead_somewhere, &[("docs/architecture.md", text)], "host/nowhere.rs");
    }

    #[test]
    fn every_manifest_key_is_documented() {
        let files = [
            ("docs/manifest.md", "| `id`, `mood` |\n"),
            ("registry/src/manifest/mood.rs", "table.get(\"mood\"); whole(&mut table, \"mood_s\", 1)"),
        ];
        check(documents::every_manifest_key_is_documented, &files, "`mood_s`");
    }

    #[test]
    fn every_limit_has_a_row() {
        let reader = "fn limits(mut table: Table<'_>) {\n    whole(&mut table, \"mood_ms\", 1);\n}\n";
        let at = |text| [("docs/manifest.md", text), ("registry/src/manifest/sections.rs", reader)];
        check(documents::every_limit_has_a_row, &at("in words: `mood_ms`\n"), "`mood_ms`");
        assert!(documents::every_limit_has_a_row(&Repository::of(&at("\n| `mood_ms` | 5 |\n"))).is_empty());
        check(documents::every_limit_has_a_row, &[("docs/manifest.md", "")], "`fn limits` is not there");
    }

    #[test]
    fn every_check_has_a_row() {
        let files = [("docs/gate.md", "| caller |\n"), ("host/kernel/src/gate/checks/mood.rs", "")];
        check(documents::every_check_has_a_row, &files, "`mood`");
    }
}

mod threat_rules {
    use super::*;

    const ROW: &str = "| `T-loop` | it never ends | fuel | `engine::faults::fuel_runs_out` |\n";
    const PACKAGE: (&str, &str) = ("tests/Cargo.toml", "[package]\nname = \"ares-tests\"\n");

    fn document<'a>(text: &'a str, source: &'a str) -> [(&'a str, &'a str); 3] {
        [("docs/threat-model.md", text), PACKAGE, ("tests/it/engine/faults.rs", source)]
    }

    #[test]
    fn named_tests_exist() {
        let sound = "#[tokio::test]\nasync fn fuel_runs_out() {}\n";
        assert!(threats::every_row_has_its_tests(&Repository::of(&document(ROW, sound))).is_empty());
        for source in ["", "fn fuel_runs_out() {}\n", "#[test]\n#[ignore]\nfn fuel_runs_out() {}\n"] {
            check(
                threats::every_row_has_its_tests,
                &document(ROW, source),
                "`engine::faults::fuel_runs_out`",
            );
        }
    }

    #[test]
    fn tests_of_crates_have_their_crate() {
        let row = "| `T-size` | too much | a cap | `ares-engine limits::tests::it_ends` |\n";
        let package = ("host/engine/Cargo.toml", "[package]\nname = \"ares-engine\"\n");
        let source = "mod tests {\n    #[test]\n    fn it_ends() {}\n}\n";
        let at = |path| [("docs/threat-model.md", row), package, (path, source)];
        assert!(
            threats::every_row_has_its_tests(&Repository::of(&at("host/engine/src/limits.rs"))).is_empty()
        );
        check(threats::every_row_has_its_tests, &at("host/engine/src/other.rs"), "limits::tests::it_ends");
    }

    #[test]
    fn every_row_has_a_test_and_a_name() {
        let row = "| `T-loop` | it never ends | fuel | none |\n";
        check(threats::every_row_has_its_tests, &[("docs/threat-model.md", row)], "`T-loop` names no test");
        let twice = [ROW, ROW].concat();
        check(threats::every_row_has_its_tests, &document(&twice, ""), "two rows `T-loop`");
        check(threats::every_row_has_its_tests, &[("docs/threat-model.md", "")], "has no row");
    }
}
