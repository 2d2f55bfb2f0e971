//! Ways out of a folder, and files that are nobody's business.

use crate::place::Group::Traversal;
use crate::place::Place;
use crate::place::Severity::{High, Info, Low, Medium};
use crate::rule::{Rule, pattern};

pub(crate) static PARENT: Rule = Rule::new(
    "parent-folder",
    Traversal,
    Medium,
    pattern(&[".."], r"(?:^|[/\\])(\.\.)(?:[/\\]|$)"),
    "Name the file from the folder it is in, without going up.",
)
.at(&[Place::Path]);

pub(crate) static DEEP_PARENT: Rule = Rule::new(
    "parent-folders",
    Traversal,
    Low,
    pattern(&["../..", "..\\.."], r"(?:\.\.[/\\]){3,}[^\s]*"),
    "Look where it leads: it goes up more than two folders.",
)
.in_names(Medium);

pub(crate) static ENCODED_PARENT: Rule = Rule::new(
    "encoded-parent-folder",
    Traversal,
    High,
    pattern(
        &["%2e", "%25", "%2f", "%5c", "%c0%ae", "%c0%af", "..;/", "%u2216", "%u002e", "....//"],
        r"(?i)(?:%(?:25)*2e|\.|%u002e|%c0%ae){2}(?:%(?:25)*(?:2f|5c)|%c0%af|%u2216)|(?:%(?:25)*2e|%u002e|%c0%ae){2}[/\\]|\.\.;/|\.{4}//",
    ),
    "Refuse it: honest names do not spell `..` in code.",
);

pub(crate) static NUL: Rule = Rule::new(
    "nul-in-name",
    Traversal,
    High,
    pattern(&["\0", "%00"], r"\x00|%(?:25)*00"),
    "Refuse it: what stands after the NUL is seen by the check and not by the system.",
)
.at(&[Place::Path, Place::Host, Place::Command]);

pub(crate) static SYSTEM_FILE: Rule = Rule::new(
    "system-file",
    Traversal,
    Low,
    pattern(
        &["/etc/", "/proc/", "/dev/", "/root/", "\\system32", "\\windows\\", "/var/run/", "/run/"],
        r"(?i)/etc/(?:passwd|shadow|gshadow|sudoers(?:\.d)?|master\.passwd|ssh/ssh_host_\w+)\b|/proc/(?:self|thread-self|\d+|\*|\$\w+)/(?:mem|environ|maps|root|cwd|fd|cmdline)\b|/proc/(?:kcore|kallsyms|sysrq-trigger)\b|/dev/(?:mem|kmem|port|sd[a-z]\d*|nvme\d\w*)\b|/root/\.\w+|/(?:var/)?run/docker\.sock|\\windows\\(?:system32|win\.ini|repair)",
    ),
    "Refuse it unless the system itself is what is being looked after.",
)
.in_names(High);

pub(crate) static CREDENTIAL_FILE: Rule = Rule::new(
    "credential-file",
    Traversal,
    Low,
    pattern(
        &[
            ".ssh", ".aws", ".netrc", ".pgpass", ".git-credentials", ".docker", ".kube", ".gnupg", ".npmrc", ".pypirc",
            "login data", "login.keychain", "cookies.sqlite", "id_rsa", "id_ed25519", "wallet.dat", "key4.db",
        ],
        r"(?i)\.ssh/(?:id_\w+|authorized_keys|config)|\bid_(?:rsa|ed25519|ecdsa|dsa)\b|\.aws/credentials|(?:^|[/\s])\.netrc\b|\.pgpass\b|\.git-credentials\b|\.docker/config\.json|\.kube/config|\.gnupg/|(?:^|[/~])\.npmrc\b|\.pypirc\b|login data|login\.keychain|cookies\.sqlite|wallet\.dat|key4\.db",
    ),
    "Refuse it: it holds somebody's keys.",
)
.in_names(High);

pub(crate) static FILE_ADDRESS: Rule = Rule::new(
    "file-address",
    Traversal,
    Info,
    pattern(
        &["file:", "gopher:", "dict:", "jar:", "php:", "ldap:", "netdoc:"],
        r"(?i)\b(?:file:/{1,3}|gopher://|dict://|jar:(?:file|https?):|php://|netdoc:/|ldaps?://)[^\s]+",
    ),
    "Give a path to what takes paths; what fetches addresses should fetch from hosts.",
)
.in_names(Medium);

pub(crate) static SHARE: Rule = Rule::new(
    "network-share",
    Traversal,
    Medium,
    pattern(&["\\\\", "//"], r"^(?:\\\\|//)[A-Za-z0-9.?-]+[\\/]"),
    "Name a local file: opening this one tells another host who is asking.",
)
.at(&[Place::Path]);

pub(crate) static EXPANSION: Rule = Rule::new(
    "expression-in-name",
    Traversal,
    Medium,
    pattern(
        &["$(", "${", "`", "{{", "<%", "#{"],
        r"\$\([^)]*\)|\$\{[^}]*\}|`[^`]*`|\{\{[^}]*\}\}|<%|#\{[^}]*\}",
    ),
    "Write the name itself: something on the way may take this for a command or a template.",
)
.at(&[Place::Path, Place::Host]);

#[cfg(test)]
pub(super) mod pairs {
    use super::super::pairs::Pair;
    use crate::place::Place::{Host, Path, Text};

    pub(crate) const PAIRS: &[Pair] = &[
        Pair("parent-folder", Path, "notes/../../x", "notes/..x/a...b"),
        Pair("parent-folders", Text, "read ../../../../var/db", "see ../../README.md"),
        Pair("encoded-parent-folder", Path, "a/%2e%2e%2fb", "a/%20b..c"),
        Pair("encoded-parent-folder", Text, "GET /..%252f..%252fetc", "GET /a%2fb"),
        Pair("nul-in-name", Path, "a.txt\0.png", "a.txt.png"),
        Pair("system-file", Path, "/etc/shadow", "/etc/hostname"),
        Pair("credential-file", Path, "home/me/.ssh/id_ed25519", "home/me/ssh/notes"),
        Pair("file-address", Host, "file:///etc/hosts", "profile://x"),
        Pair("network-share", Path, "\\\\evil.example\\share\\x", "folder//file"),
        Pair("expression-in-name", Path, "a$(id).txt", "a$b(id).txt"),
    ];
}
