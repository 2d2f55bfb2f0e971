//! Deletes more than one would expect.

use crate::place::Group::BlastRadius;
use crate::place::Severity::{Critical, High, Info, Low, Medium};
use crate::rule::{COMMANDS, Rule, pattern};

pub(crate) static DELETE_EVERYTHING: Rule = Rule::new(
    "delete-everything",
    BlastRadius,
    Critical,
    pattern(
        &["rm ", "rmdir", "del ", "rd ", "remove-item", "--no-preserve-root"],
        r#"(?i)\brm\s+(?:-\S+\s+)*-\w*r\w*\s+(?:-\S+\s+)*(?:[^\s;|&]+\s+)*?["']?(?:/|/\*|~|~/|~/\*|\$\{?HOME\}?/?\*?|"\$\{?HOME\}?"/?\*?|\*|\.\*|\.|\./|\./\*|\.\./?\*?|/(?:etc|usr|var|home|bin|boot|lib|root|opt|Users|System)(?:/|/\*)?)["']?(?:\s|;|&|\||$)|--no-preserve-root\b|\b(?:del|rd|rmdir)\s+(?:/[a-z]\s+)*/s\s+(?:/[a-z]\s+)*[a-z]:\\?(?:\*|\s|$|windows|users)|\bRemove-Item\b[^\n]*-Recurse[^\n]*\s["']?(?:[a-z]:\\|~|\$HOME|/)["']?(?:\s|$|\*)"#,
    ),
    "Name the one folder that is to go.",
)
.at(COMMANDS);

pub(crate) static DELETE_VARIABLE: Rule = Rule::new(
    "delete-by-variable",
    BlastRadius,
    High,
    pattern(
        &["rm ", "remove-item"],
        r#"(?i)\brm\s+(?:-\S+\s+)*-\w*r\w*\s+(?:-\S+\s+)*["']?\$\{?\w+\}?["']?/(?:["'*]|\s|;|$|\$|(?:bin|lib|etc|usr|var|home)\b)"#,
    ),
    "Write ${VAR:?} so that an empty variable ends the command; without it the folder becomes /.",
)
.at(COMMANDS);

pub(crate) static RECURSIVE_DELETE: Rule = Rule::new(
    "recursive-delete",
    BlastRadius,
    Low,
    pattern(
        &["rm ", "remove-item", "rd /s", "rmdir /s", "del /s"],
        r"(?i)\brm\s+(?:-\S+\s+)*(?:-\w*(?:rf|fr|r\w*f|f\w*r)\w*|-r\s+-f|-f\s+-r|--recursive)\b|\bRemove-Item\b[^\n]*-Recurse|\b(?:rd|rmdir|del)\s+/s\b",
    ),
    "Look what is in the folder before it goes.",
)
.at(COMMANDS)
.in_names(Medium);

pub(crate) static FIND_DELETE: Rule = Rule::new(
    "find-delete",
    BlastRadius,
    High,
    pattern(
        &["find ", "xargs"],
        r#"(?i)\bfind\s+["']?(?:/|~/?|\$\{?HOME\}?/?|/(?:etc|usr|var|home|root|opt))["']?\s[^\n]*(?:-delete\b|-exec(?:dir)?\s+(?:rm|shred|unlink)\b)|\bfind\s+["']?(?:/|~/?|\$HOME)["']?\s[^\n]*\|\s*xargs\s+(?:-\S+\s+)*(?:rm|shred)\b"#,
    ),
    "Print what it finds first, and search the one folder.",
)
.at(COMMANDS);

pub(crate) static RECURSIVE_RIGHTS: Rule = Rule::new(
    "recursive-rights",
    BlastRadius,
    High,
    pattern(
        &["chmod", "chown", "chgrp", "setfacl"],
        r#"(?i)\b(?:chmod|chown|chgrp|setfacl)\s+(?:-\S+\s+)*(?:-\w*R\w*|--recursive)\s+(?:\S+\s+)*?["']?(?:/|/\*|~|~/|\$\{?HOME\}?/?|/(?:etc|usr|var|home|bin|lib|boot|root)/?)["']?(?:\s|;|&|$)"#,
    ),
    "Change the files that need it: a system whose rights were all changed has to be set up anew.",
)
.at(COMMANDS);

pub(crate) static DELETE_BY_PROGRAM: Rule = Rule::new(
    "delete-by-program",
    BlastRadius,
    High,
    pattern(
        &["rmtree", "rmsync", "rimraf", "remove_dir_all", "fileutils.rm", "removeall", "rm_rf", "deletedirectory", "fs.rm"],
        r#"(?i)(?:rmtree|rm(?:dir)?Sync|fs\.rm|rimraf(?:\.sync)?|remove_dir_all|FileUtils\.rm_rf|os\.RemoveAll|deleteDirectory)\s*\(?\s*["'](?:/|~|~/|/\*|[a-z]:\\{1,2}|/(?:etc|usr|var|home|root))["']|rmtree\(\s*(?:os\.path\.expanduser\(["']~|Path\.home\()|rimraf\s+(?:/|~|\$HOME)(?:\s|$|\*)"#,
    ),
    "Delete the one folder, named in full, after looking that it lies where it should.",
)
.at(COMMANDS);

pub(crate) static DATABASE: Rule = Rule::new(
    "database-delete",
    BlastRadius,
    Low,
    pattern(
        &["drop ", "truncate ", "delete from", "flushall", "flushdb", "dropdatabase", "deletemany("],
        r"(?i)\bDROP\s+(?:DATABASE|SCHEMA|TABLE|KEYSPACE)\b|\bTRUNCATE\s+TABLE\b|\bDELETE\s+FROM\s+[\w.]+\s*(?:;|$)|\bFLUSH(?:ALL|DB)\b|\.dropDatabase\(|\.deleteMany\(\s*\{\s*\}\s*\)",
    ),
    "Say which rows, in a transaction, with a copy at hand.",
)
.at(COMMANDS)
.in_names(Medium);

pub(crate) static INFRASTRUCTURE: Rule = Rule::new(
    "infrastructure-delete",
    BlastRadius,
    Low,
    pattern(
        &["terraform", "kubectl", "docker", "aws ", "gcloud", "pulumi", "helm", "az ", "vagrant", "tofu"],
        r"(?i)\b(?:terraform|tofu|pulumi)\s+(?:\S+\s+)?destroy\b|\bkubectl\s+delete\s+(?:ns|namespaces?|all|pvc?|crds?)\b|\bkubectl\s+delete\b[^\n]*--all\b|\bdocker\s+(?:system|volume|image|container)\s+prune\b[^\n]*(?:-\w*a|-\w*f|--all|--force|--volumes)|\baws\s+s3\s+(?:rb\b[^\n]*--force|rm\b[^\n]*--recursive)|\baws\s+\S+\s+(?:delete|terminate)-\S+|\bgcloud\b[^\n]*\bdelete\b[^\n]*--quiet|\bgcloud\s+projects\s+delete\b|\baz\s+group\s+delete\b|\bvagrant\s+destroy\b",
    ),
    "Let the tool print its plan first, and let a person say yes to it.",
)
.at(COMMANDS)
.in_names(Medium);

pub(crate) static HISTORY: Rule = Rule::new(
    "history-rewrite",
    BlastRadius,
    Info,
    pattern(
        &["git "],
        r"(?i)\bgit\s+(?:push\s[^\n]*(?:--force\b|-f\b|--mirror\b|--delete\b)|reset\s+--hard\b|clean\s+-\w*f|branch\s+-D\b|filter-branch\b|reflog\s+expire\b|checkout\s+--\s+\.|stash\s+(?:drop|clear)\b)",
    ),
    "Keep a branch on what was there.",
)
.at(COMMANDS)
.in_names(Medium);

#[cfg(test)]
pub(super) mod pairs {
    use super::super::pairs::Pair;
    use crate::place::Place::{Command, Text};

    pub(crate) const PAIRS: &[Pair] = &[
        Pair("delete-everything", Text, "sudo rm -rf /", "rm -rf /tmp/build"),
        Pair("delete-everything", Text, "rm -rf \"$HOME\"/*", "rm -rf \"$HOME\"/cache/x"),
        Pair("delete-everything", Text, "rm -r -f *", "rm -f *.o"),
        Pair("delete-by-variable", Text, "rm -rf \"$DIR/\"", "rm -rf \"${DIR:?}/\""),
        Pair("delete-by-variable", Text, "rm -rf $PREFIX/bin", "rm -rf build/bin"),
        Pair("recursive-delete", Command, "rm -rf target", "rm target"),
        Pair("find-delete", Text, "find / -name '*.log' -delete", "find ./build -name '*.log' -delete"),
        Pair("recursive-rights", Text, "chmod -R 777 /", "chmod -R u+w build"),
        Pair("delete-by-program", Text, "shutil.rmtree('/')", "shutil.rmtree('build')"),
        Pair("database-delete", Command, "DROP TABLE users", "SELECT * FROM users"),
        Pair("infrastructure-delete", Command, "terraform destroy -auto-approve", "terraform plan"),
        Pair("history-rewrite", Command, "git push --force origin main", "git push origin main"),
    ];
}
