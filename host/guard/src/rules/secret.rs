//! Keys and tokens, told by the shapes their issuers give them. An excerpt never shows more of one than its
//! first four characters.

use crate::place::Group::Secret;
use crate::place::Severity::{High, Low, Medium};
use crate::rule::{Look, Rule, pattern};

const ROTATE: &str = "Revoke it where it was issued, and keep the next one with `ares-host secrets`.";

/// A random text of letters of both cases and digits has about 4 bits a character at 20 characters, words and
/// names about 3.
const ENTROPY_MIN: f64 = 3.5;

const fn high(id: &'static str, words: &'static [&'static str], shape: &'static str) -> Rule {
    Rule::new(id, Secret, High, pattern(words, shape), ROTATE)
}

/// The four prefixes of identifiers that have a secret, and 16 characters of base32 (AWS, IAM identifiers).
pub(crate) static AWS_KEY: Rule =
    high("aws-access-key", &["akia", "asia", "abia", "acca"], r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b");

pub(crate) static AWS_SECRET: Rule = high(
    "aws-secret-key",
    &["aws_secret", "secretaccesskey", "aws_session"],
    r#"(?i)(?:aws_?secret_?access_?key|secretaccesskey)["']?\s*[:=]\s*["']?([A-Za-z0-9/+]{40})(?:[^A-Za-z0-9/+=]|$)"#,
);

/// API keys have 39 characters, access tokens begin with `ya29.`, client secrets with `GOCSPX-`.
pub(crate) static GOOGLE: Rule = high(
    "google-key",
    &["aiza", "ya29.", "gocspx-"],
    r"\bAIza[0-9A-Za-z_-]{35}|\bya29\.[0-9A-Za-z_-]{20,}|\bGOCSPX-[0-9A-Za-z_-]{28}",
);

/// Classic tokens have 36 characters after the prefix, fine-grained ones 22, a line and 59.
pub(crate) static GITHUB: Rule = high(
    "github-token",
    &["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"],
    r"\bgh[pousr]_[A-Za-z0-9]{36,}|\bgithub_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}",
);

pub(crate) static GITLAB: Rule = high(
    "gitlab-token",
    &["glpat-", "gldt-", "glrt-", "glcbt-", "glptt-"],
    r"\b(?:glpat|gldt|glrt|glptt)-[0-9A-Za-z_-]{20,}|\bglcbt-[0-9A-Za-z]{1,5}_[0-9A-Za-z_-]{20,}",
);

pub(crate) static SLACK: Rule = high(
    "slack-token",
    &["xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxe", "xoxs-", "xapp-", "hooks.slack.com"],
    r"\bxox[abprs]-[0-9A-Za-z-]{20,}|\bxoxe(?:\.xox[bp])?-[0-9A-Za-z-]{20,}|\bxapp-\d-[0-9A-Za-z-]{20,}|hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9/]{30,}",
);

pub(crate) static STRIPE: Rule = high(
    "stripe-key",
    &["sk_live_", "rk_live_", "sk_test_", "rk_test_", "whsec_"],
    r"\b(?:sk|rk)_(?:live|test)_[0-9A-Za-z]{24,}|\bwhsec_[0-9A-Za-z+/]{32,}",
);

pub(crate) static SENDGRID: Rule =
    high("sendgrid-key", &["sg."], r"\bSG\.[0-9A-Za-z_-]{22}\.[0-9A-Za-z_-]{43}");

pub(crate) static TWILIO: Rule = high("twilio-key", &["sk"], r"\bSK[0-9a-f]{32}\b");

pub(crate) static NPM: Rule = high("npm-token", &["npm_"], r"\bnpm_[A-Za-z0-9]{36}\b");

/// The beginning is the Base64 of what every token of pypi.org begins with.
pub(crate) static PYPI: Rule =
    high("pypi-token", &["pypi-ageichlwas5vcmc"], r"\bpypi-AgEIcHlwaS5vcmc[0-9A-Za-z_-]{50,}");

pub(crate) static MODEL_PROVIDER: Rule = high(
    "model-provider-key",
    &["sk-ant-", "sk-proj-", "sk-svcacct-", "sk-or-v1-", "t3blbkfj", "hf_", "gsk_", "r8_", "xai-", "pplx-"],
    r"\bsk-ant-(?:api|admin|oat)\d\d-[0-9A-Za-z_-]{80,}|\bsk-(?:proj|svcacct)-[0-9A-Za-z_-]{40,}|\bsk-or-v1-[0-9a-f]{64}|\bsk-[0-9A-Za-z]{20}T3BlbkFJ[0-9A-Za-z]{20}|\bhf_[A-Za-z]{34}\b|\bgsk_[0-9A-Za-z]{52}\b|\br8_[0-9A-Za-z]{37}\b|\bxai-[0-9A-Za-z]{80}\b|\bpplx-[0-9A-Za-z]{48}\b",
);

/// With its body, so that no excerpt shows it.
pub(crate) static PRIVATE_KEY: Rule = high(
    "private-key",
    &["private key"],
    r"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----[0-9A-Za-z+/=\s\\:,.-]*",
);

pub(crate) static BEARER: Rule = Rule::new(
    "bearer-token",
    Secret,
    High,
    Look::Checked {
        words: &["bearer", "basic", "x-api-key", "authorization"],
        pattern: r#"(?i)\b(?:authorization["']?\s*[:=]\s*["']?(?:bearer|basic|token)|bearer|x-api-key["']?\s*[:=])\s+["']?([0-9A-Za-z._~+/=-]{16,})"#,
        holds: is_random,
    },
    ROTATE,
);

/// Three parts of Base64, of which the first two are JSON objects (RFC 7519).
pub(crate) static JWT: Rule =
    high("json-web-token", &["eyj"], r"\beyJ[0-9A-Za-z_-]{10,}\.eyJ[0-9A-Za-z_-]{10,}\.[0-9A-Za-z_-]{10,}");

pub(crate) static PASSWORD_IN_ADDRESS: Rule = Rule::new(
    "password-in-address",
    Secret,
    Medium,
    Look::Checked {
        words: &["://"],
        pattern: r#"[a-z][a-z0-9+.-]*://[^\s/:@"'<>]*:([^\s/@"'<>]{3,})@[^\s/@]"#,
        holds: is_no_placeholder,
    },
    ROTATE,
);

pub(crate) static PASSWORD: Rule = Rule::new(
    "assigned-secret",
    Secret,
    Medium,
    Look::Checked {
        words: &[
            "secret",
            "token",
            "api_key",
            "apikey",
            "api-key",
            "passw",
            "credential",
            "private_key",
            "access_key",
        ],
        pattern: r#"(?i)(?:secret|token|api[_-]?key|passw(?:or)?d|credential|private_key|access_key)[a-z0-9_]{0,12}["']?\s*(?:[:=]|=>|:=)\s*["']?([0-9A-Za-z+/_.=~!@#$%^&*-]{16,})"#,
        holds: is_random,
    },
    ROTATE,
);

pub(crate) static DISCORD: Rule = high(
    "chat-webhook",
    &[
        "discord.com/api/webhooks",
        "discordapp.com/api/webhooks",
        "api.telegram.org/bot",
        "webhook.office.com",
    ],
    r"discord(?:app)?\.com/api/webhooks/\d{15,}/[0-9A-Za-z_-]{30,}|api\.telegram\.org/bot\d{8,}:[0-9A-Za-z_-]{30,}|webhook\.office\.com/webhookb2/[0-9A-Za-z@/-]{30,}",
);

pub(crate) static DIGITALOCEAN: Rule = high(
    "cloud-token",
    &["dop_v1_", "doo_v1_", "shpat_", "shpss_", "dckr_pat_", "hvs.", "atlasv1.", "accountkey="],
    r"\bdo[opr]_v1_[0-9a-f]{64}\b|\bshp(?:at|ss|ca|pa)_[0-9a-fA-F]{32}\b|\bdckr_pat_[0-9A-Za-z_-]{27,}|\bhvs\.[0-9A-Za-z_-]{24,}|\b[0-9A-Za-z]{14}\.atlasv1\.[0-9A-Za-z_=-]{60,}|AccountKey=[0-9A-Za-z+/]{86}==",
);

/// A long run of one alphabet that is as even as chance, and that nothing introduces.
pub(crate) static RANDOM: Rule = Rule::new(
    "secret-like-text",
    Secret,
    Low,
    Look::Checked {
        words: &["key", "secret", "token", "passw", "auth", "cred"],
        pattern: r"(?:^|[^0-9A-Za-z+/_=-])([0-9A-Za-z+/_-]{32,}={0,2})(?:[^0-9A-Za-z+/_=-]|$)",
        holds: is_very_random,
    },
    "Look whether it is a key; a hash or an identifier is none.",
);

/// Letters and digits, as mixed as random ones: neither a word, nor a path, nor a name of a variable.
fn is_random(text: &str) -> bool {
    let has = |is: fn(&u8) -> bool| text.as_bytes().iter().any(is);
    has(u8::is_ascii_digit)
        && has(u8::is_ascii_alphabetic)
        && entropy(text) >= ENTROPY_MIN
        && is_no_placeholder(text)
}

/// In both cases too, and not in hexadecimal as hashes are.
fn is_very_random(text: &str) -> bool {
    let has = |is: fn(&u8) -> bool| text.as_bytes().iter().any(is);
    has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase) && is_random(text) && entropy(text) >= 4.3
}

/// What stands in examples where a secret would.
fn is_no_placeholder(text: &str) -> bool {
    const HOLDERS: [&str; 8] =
        ["xxxx", "....", "****", "example", "your", "placeholder", "changeme", "password"];
    let lower = text.to_ascii_lowercase();
    !lower.starts_with(['$', '<', '{', '%']) && !HOLDERS.iter().any(|holder| lower.contains(holder))
}

/// Bits a byte (Shannon), from how often each byte stands in the text.
fn entropy(text: &str) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in text.bytes() {
        if let Some(count) = counts.get_mut(usize::from(byte)) {
            *count = count.saturating_add(1);
        }
    }
    let total = f64::from(u32::try_from(text.len()).unwrap_or(u32::MAX));
    let share = |count: &u32| f64::from(*count) / total;
    counts.iter().filter(|count| **count > 0).map(|count| -share(count) * share(count).log2()).sum()
}

#[cfg(test)]
pub(super) mod pairs {
    use super::super::pairs::Pair;
    use crate::place::Place::Text;

    // In two parts each, so that no scanner takes this file for a leak.
    pub(crate) const PAIRS: &[Pair] = &[
        Pair("aws-access-key", Text, concat!("AKI", "AQ3EGP7XWBN5TZK2D"), "AKIA is a prefix"),
        Pair(
            "aws-secret-key",
            Text,
            concat!("aws_secret_access_key = ", "wJ4lrXUtnFEMIK7MDENGbPxRfiCYzR2abKq9TsVe"),
            "aws_secret_access_key =",
        ),
        Pair("google-key", Text, concat!("AI", "zaSyD3kf8Qm1Zp0oL7uV5tR9wXe2Yb6Nc4Hg8"), "AIza"),
        Pair("github-token", Text, concat!("gh", "p_0123456789abcdefghijABCDEFGHIJ012345"), "ghp_short"),
        Pair("gitlab-token", Text, concat!("glp", "at-aB3dE5fG7hJ9kL1mN3pQ"), "glpat-"),
        Pair("slack-token", Text, concat!("xox", "b-123456789012-abcdefABCDEF"), "xoxo-hugs-and-kisses"),
        Pair("stripe-key", Text, concat!("sk_", "live_aB3dE5fG7hJ9kL1mN3pQ5rS7"), "sk_live_"),
        Pair(
            "sendgrid-key",
            Text,
            concat!("SG", ".aB3dE5fG7hJ9kL1mN3pQ5r.aB3dE5fG7hJ9kL1mN3pQ5rS7aB3dE5fG7hJ9kL1mN3pQ5"),
            "SG.1.2",
        ),
        Pair("twilio-key", Text, concat!("SK", "0123456789abcdef0123456789abcdef"), "SKU0123456789"),
        Pair(
            "npm-token",
            Text,
            concat!("np", "m_aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5"),
            "npm_config_registry",
        ),
        Pair(
            "pypi-token",
            Text,
            concat!("pyp", "i-AgEIcHlwaS5vcmcCJDAxMjM0NTY3LTg5YWItY2RlZi0wMTIzLTQ1Njc4OWFiY2RlZgACKl"),
            "pypi-project",
        ),
        Pair(
            "model-provider-key",
            Text,
            concat!("sk-", "proj-aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5bC7d"),
            "sk-project",
        ),
        Pair(
            "private-key",
            Text,
            concat!("-----BEGIN RSA PRIV", "ATE KEY-----\nMIIEow\n"),
            "-----BEGIN PUBLIC KEY-----",
        ),
        Pair(
            "bearer-token",
            Text,
            "Authorization: Bearer aB3dE5fG7hJ9kL1mN3pQ",
            "Authorization: Bearer $TOKEN",
        ),
        Pair(
            "json-web-token",
            Text,
            concat!("ey", "JhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJlLWhlcmU"),
            "eyJhbGci.x",
        ),
        Pair(
            "password-in-address",
            Text,
            "postgres://app:hunter22@db.example/x",
            "postgres://app:$PASS@db.example/x",
        ),
        Pair(
            "assigned-secret",
            Text,
            "api_key = 'q8W2e5R7t1Y4u9I3o6P0'",
            "api_key = load_the_key_from_file()",
        ),
        Pair(
            "chat-webhook",
            Text,
            concat!(
                "https://discord.com/api/web",
                "hooks/123456789012345678/aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3z"
            ),
            "https://discord.com/api",
        ),
        Pair("cloud-token", Text, concat!("dckr", "_pat_aB3dE5fG7hJ9kL1mN3pQ5rS7tU9"), "dckr_pat_"),
        Pair(
            "secret-like-text",
            Text,
            "the key is 7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5bC7dE9fG",
            "the key is 0123456789abcdef0123456789abcdef01234567",
        ),
    ];
}

#[cfg(test)]
mod tests {
    use super::super::pairs::Pair;
    use super::pairs::PAIRS;
    use crate::inspect;

    #[test]
    fn no_finding_shows_a_secret() {
        for Pair(_, place, text, _) in PAIRS {
            let text = format!("curl -H '{text}' http://a.example | sh {text}");
            for finding in inspect(&text, *place) {
                let shown = finding.excerpt.as_bytes().windows(12);
                let secrets = inspect(&text, *place).into_iter().filter(|f| f.group.as_str() == "secret");
                let told = |window: &[u8]| {
                    secrets.clone().any(|f| {
                        let secret = &text.as_bytes()[f.offset..f.offset + f.length];
                        secret.windows(12).any(|part| part == window)
                    })
                };
                assert!(!shown.into_iter().any(told), "{finding:?}");
            }
        }
    }
}
