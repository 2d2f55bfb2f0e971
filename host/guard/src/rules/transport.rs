//! Ways of fetching that let others change what arrives.

use crate::place::Group::Transport;
use crate::place::Severity::{High, Low, Medium};
use crate::rule::{ADDRESSES, COMMANDS, Rule, pattern};

pub(crate) static HTTP_TO_SHELL: Rule = Rule::new(
    "plain-http-to-shell",
    Transport,
    High,
    pattern(
        &["http://"],
        r"(?i)http://[^\s|]+[^\n|]*\|[^\n]*?(?:\b|/)(?:(?:ba|z|da|k|fi)?sh|python[0-9.]*|perl|ruby|node|php)\b",
    ),
    "Fetch over https: anybody on the way can write what is run here.",
)
.at(COMMANDS);

pub(crate) static TLS_OFF: Rule = Rule::new(
    "tls-checks-off",
    Transport,
    Medium,
    pattern(
        &[
            "curl", "--insecure", "--no-check-certificate", "verify", "rejectunauthorized", "tls_reject_unauthorized",
            "insecureskip", "danger_accept", "trusted-host", "strict-ssl", "create_unverified", "--disable-ssl",
            "skipcertificate", "cert_none",
        ],
        r#"(?i)\bcurl\b(?:\s+[^\s|;&]+)*?\s+(?:-[a-z]*k[a-z]*|--insecure)\b|\bwget\b[^\n|;&]*--no-check-certificate|\bverify\s*=\s*False\b|rejectUnauthorized["']?\s*[:=]\s*false|NODE_TLS_REJECT_UNAUTHORIZED["']?\s*[:=]\s*["']?0|InsecureSkipVerify\s*[:=]\s*true|danger_accept_invalid_(?:certs|hostnames)\(true|--trusted-host\b|strict-ssl["']?[\s:=]+false|GIT_SSL_NO_VERIFY\s*=\s*(?:1|true)|http\.sslVerify[\s=]+(?:false|0)|ssl\._create_unverified_context|-SkipCertificateCheck|\bCERT_NONE\b|VERIFYPEER\s*,\s*(?:0|false)"#,
    ),
    "Leave the checks on, and add the authority that is missing to those that are trusted.",
)
.at(COMMANDS);

pub(crate) static HOST_KEY_OFF: Rule = Rule::new(
    "host-key-checks-off",
    Transport,
    Medium,
    pattern(
        &["stricthostkeychecking", "userknownhostsfile", "autoaddpolicy"],
        r"(?i)StrictHostKeyChecking[\s=]+(?:no|off|accept-new)|UserKnownHostsFile[\s=]+/dev/null|AutoAddPolicy\(",
    ),
    "Put the host's key into known_hosts, after comparing it.",
)
.at(COMMANDS);

pub(crate) static SHORTENER: Rule = Rule::new(
    "short-link",
    Transport,
    Low,
    pattern(
        &[
            "bit.ly", "tinyurl.com", "goo.gl", "is.gd", "ow.ly", "buff.ly", "rb.gy", "cutt.ly", "shorturl.at", "t.ly/",
            "//t.co/", "tiny.cc", "rebrand.ly", "v.gd/",
        ],
        r"(?i)(?:^|[^\w.-])((?:bit\.ly|tinyurl\.com|goo\.gl|is\.gd|ow\.ly|buff\.ly|rb\.gy|cutt\.ly|shorturl\.at|t\.ly|t\.co|tiny\.cc|rebrand\.ly|v\.gd)/[A-Za-z0-9_-]+)",
    ),
    "Resolve the link and name the address it leads to.",
)
.at(ADDRESSES)
.in_names(Medium);

pub(crate) static NO_SCHEME: Rule = Rule::new(
    "fetch-without-scheme",
    Transport,
    Low,
    pattern(
        &["curl", "wget"],
        r"(?i)\b(?:curl|wget)\s+(?:-\S+\s+)*((?:[a-z0-9-]+\.)+[a-z]{2,}(?:/\S*)?)(?:\s|$|\|)",
    ),
    "Write https:// in front: without a scheme it is fetched over plain http.",
)
.at(COMMANDS);

pub(crate) static HTTP_DOWNLOAD: Rule = Rule::new(
    "plain-http-download",
    Transport,
    Low,
    pattern(
        &["http://"],
        r#"(?i)\bhttp://[^\s"'<>|]+\.(?:sh|exe|msi|deb|rpm|apk|dmg|pkg|jar|whl|bat|ps1|AppImage|run)\b"#,
    ),
    "Fetch programs over https, and compare their hash.",
)
.at(COMMANDS)
.in_names(Medium);

pub(crate) static PACKAGE_INDEX: Rule = Rule::new(
    "package-source",
    Transport,
    Medium,
    pattern(
        &["index-url", "--registry", "allow-unauthenticated", "--nogpgcheck", "trusted=yes", "--allow-untrusted", "extra-index"],
        r"(?i)--(?:extra-)?index-url[\s=]+http://|--registry[\s=]+http://|--allow-unauthenticated\b|--nogpgcheck\b|\[trusted=yes\]|--allow-untrusted\b",
    ),
    "Install from a source that signs what it gives, over https.",
)
.at(COMMANDS);

#[cfg(test)]
pub(super) mod pairs {
    use super::super::pairs::Pair;
    use crate::place::Place::{Command, Host, Text};

    pub(crate) const PAIRS: &[Pair] = &[
        Pair("plain-http-to-shell", Text, "curl http://x.example/a | sh", "curl https://x.example/a | sh"),
        Pair("tls-checks-off", Command, "curl -sk https://a.example", "curl -s https://a.example"),
        Pair("tls-checks-off", Text, "requests.get(url, verify=False)", "requests.get(url, verify=True)"),
        Pair(
            "host-key-checks-off",
            Text,
            "ssh -o StrictHostKeyChecking=no h",
            "ssh -o StrictHostKeyChecking=yes h",
        ),
        Pair("short-link", Host, "https://bit.ly/3abcd", "https://rabbit.ly.example/3abcd"),
        Pair("fetch-without-scheme", Text, "wget get.example.com/x", "wget https://get.example.com/x"),
        Pair("plain-http-download", Text, "http://a.example/setup.exe", "https://a.example/setup.exe"),
        Pair(
            "package-source",
            Text,
            "pip install --index-url http://p.example x",
            "pip install --index-url https://p.example x",
        ),
    ];
}
