//! Keys, tokens and passwords: the prefixes of providers, private keys, and values that look
//! generated.
use super::{Rule, value};
use crate::Severity::{Critical, High, Medium};

/// A token with a prefix of its own. Its pattern has the token as group 1.
const TOKEN: Rule = Rule {
    severity: Critical,
    message: "A secret token: revoke it where it was issued, then keep the new one outside the files.",
    secret: true,
    value: Some(value::is_varied),
    ..Rule::PLAIN
};

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "aws-access-key",
        keywords: &["akia", "asia"],
        pattern: r"\b((?:AKIA|ASIA)[A-Z2-7]{16})\b",
        fires: &[concat!("key = AK", "IAFAKE2FAKE3FAKE4F")],
        quiet: &["AKIAIOSFODNN7EXAMPLE", "AKIA is a prefix", "ASIAPACIFICREGIONSALESTEAM"],
        ..TOKEN
    },
    Rule {
        id: "github-token",
        keywords: &["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"],
        pattern: r"\b(gh[pousr]_[A-Za-z0-9]{36,251}|github_pat_[A-Za-z0-9_]{60,250})\b",
        fires: &[
            concat!("x gh", "p_FakeFakeFake0123456789FakeFakeFake012345"),
            concat!("github", "_pat_11FAKE0123456789abcdef_FakeFakeFakeFakeFakeFakeFakeFakeFake0123456789"),
        ],
        quiet: &["ghp_short", concat!("gh", "p_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx")],
        ..TOKEN
    },
    Rule {
        id: "gitlab-token",
        keywords: &["glpat-"],
        pattern: r"\b(glpat-[A-Za-z0-9_-]{20,64})\b",
        fires: &[concat!("token: gl", "pat-Fake0123Fake4567Fake")],
        quiet: &["glpat-xxxxxxxxxxxxxxxxxxxx", "glpat-short"],
        ..TOKEN
    },
    Rule {
        id: "slack-token",
        keywords: &["xoxa-", "xoxb-", "xoxo-", "xoxp-", "xoxr-", "xoxs-"],
        pattern: r"\b(xox[abopsr]-[0-9]{4,}-[0-9A-Za-z-]{10,200})\b",
        fires: &[concat!("xo", "xb-000000000000-FakeFakeFake0123456789")],
        quiet: &["xoxb-your-token-here", "xoxo-hugs-and-kisses"],
        ..TOKEN
    },
    Rule {
        id: "slack-webhook",
        severity: High,
        keywords: &["hooks.slack.com"],
        pattern: r"(https://hooks\.slack\.com/services/T[A-Z0-9]{6,}/B[A-Z0-9]{6,}/[A-Za-z0-9]{16,})",
        fires: &[concat!(
            "https://hooks.slack",
            ".com/services/T0FAKE000/B0FAKE000/FakeFakeFake0123Fake4567"
        )],
        quiet: &["https://hooks.slack.com/services/T000/B000/XXX"],
        ..TOKEN
    },
    Rule {
        id: "stripe-key",
        keywords: &["sk_live_", "rk_live_"],
        pattern: r"\b([sr]k_live_[A-Za-z0-9]{16,200})\b",
        fires: &[concat!("sk", "_live_FakeFakeFake0123456789")],
        quiet: &["sk_test_FakeFakeFake0123456789", "sk_live_..."],
        ..TOKEN
    },
    Rule {
        id: "google-api-key",
        keywords: &["aiza"],
        pattern: r"\b(AIza[0-9A-Za-z_-]{35})(?:[^0-9A-Za-z_-]|$)",
        fires: &[concat!("AI", "zaFakeFake0123456789FakeFake012345678")],
        quiet: &["AIzaSomething"],
        ..TOKEN
    },
    Rule {
        id: "ai-api-key",
        keywords: &["sk-"],
        pattern: r"\b(sk-(?:ant-|proj-|svcacct-|or-v1-)[A-Za-z0-9_-]{32,250}|sk-[A-Za-z0-9]{40,64})(?:[^A-Za-z0-9_-]|$)",
        fires: &[concat!("OPENAI=sk", "-proj-FakeFakeFake0123456789FakeFakeFake0123456789")],
        quiet: &["sk-ant-your-key", "task-force-of-many-words-that-go-on-and-on-and-on", "sk-learn"],
        ..TOKEN
    },
    Rule {
        id: "registry-token",
        keywords: &["npm_", "pypi-ageicHlwas5vcmc", "dop_v1_", "hf_", "sg."],
        pattern: concat!(
            r"\b(npm_[A-Za-z0-9]{36}|pypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{50,250}|dop_v1_[a-f0-9]{64}",
            r"|hf_[A-Za-z0-9]{34}|SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43})(?:[^A-Za-z0-9_-]|$)"
        ),
        fires: &[
            concat!("//registry/:_authToken=npm", "_FakeFakeFake0123456789FakeFakeFake01"),
            concat!("S", "G.FakeFake0123456789Fake.FakeFakeFake0123456789FakeFakeFake012345678"),
        ],
        quiet: &["npm_config_registry=https://example.org", "hf_hub_download", "SG.12.11"],
        ..TOKEN
    },
    Rule {
        id: "messenger-token",
        keywords: &["eaa", ":aa"],
        pattern: r"(?:^|[^A-Za-z0-9_])(EAA[A-Za-z0-9]{80,250}|[0-9]{8,10}:AA[A-Za-z0-9_-]{33})(?:[^A-Za-z0-9_-]|$)",
        fires: &[
            concat!("bot 123456789:", "AAFakeFakeFake0123456789FakeFake012"),
            concat!(
                "Bearer EA",
                "AFake0123456789Fake0123456789Fake0123456789Fake0123456789Fake0123456789Fake0123456789"
            ),
        ],
        quiet: &["12:AA and 13:AB", "EAAccessPoint"],
        ..TOKEN
    },
    Rule {
        id: "json-web-token",
        severity: Medium,
        message: "A signed web token: check that it has expired, and keep tokens outside the files.",
        keywords: &["eyj"],
        pattern: r"\b(eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{20,})",
        fires: &[concat!("ey", "JhbGciOiJGQUtFIn0.ey", "JzdWIiOiJmYWtlIn0.FakeFakeFake0123456789")],
        quiet: &["eyJhbGciOiJIUzI1NiJ9 is only a header"],
        ..TOKEN
    },
    Rule {
        id: "private-key",
        message: "A private key: replace the key pair, then keep the key outside the files.",
        keywords: &["private key"],
        pattern: r#"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----(\\n[A-Za-z0-9+/=]{16,}|\s*$)"#,
        value: None,
        fires: &[
            concat!("-----BEGIN RSA ", "PRIVATE KEY-----"),
            concat!("    -----BEGIN ", "PRIVATE KEY-----"),
            concat!(r#"{"key":"-----BEGIN "#, r"PRIVATE KEY-----\nFAKEFAKEFAKEFAKEFAKE"),
        ],
        quiet: &["if text.contains(\"-----BEGIN PRIVATE KEY-----\") {", "-----BEGIN PUBLIC KEY-----"],
        ..TOKEN
    },
    Rule {
        id: "url-credentials",
        severity: High,
        message: "A password inside a URL: change it, then pass it by another way.",
        keywords: &["://"],
        pattern: r#"[a-zA-Z][a-zA-Z0-9+.-]*://[^\s/:@"'<>{}$\\]*:([^\s/:@"'<>{}$\\]{4,})@[A-Za-z0-9\[]"#,
        value: Some(value::is_password),
        fires: &[concat!("postgres://admin:hunter", "2hunter@db.internal/app")],
        quiet: &[
            "postgres://user:password@localhost/db",
            "https://host:8080/path@2x",
            "redis://:${PASSWORD}@cache",
            "ssh://git@host.org:22/repo",
        ],
        ..TOKEN
    },
    Rule {
        id: "generated-secret",
        severity: High,
        message: "A value that looks generated, under the name of a secret: if it is one, revoke it.",
        keywords: &["key", "secret", "token", "passw", "credential"],
        pattern: concat!(
            r#"(?i)(?:api[_-]?key|access[_-]?key|private[_-]?key|secret(?:[_-]?key)?|token|passw(?:or)?d|credential)s?"#,
            r#"["']?\s*(?:=>|:=|=|:)\s*["']([^"'\s]{12,200})["']"#
        ),
        general: true,
        value: Some(value::is_random),
        fires: &[
            concat!("api_key = \"q7Zt9Lx2", "Vb4Kw8Rn3Mj6\""),
            concat!("  \"clientSecret\": \"0f9a8b7c", "6d5e4f3a2b1c\","),
        ],
        quiet: &[
            "api_key = \"your-api-key-goes-here-123\"",
            "token = \"${GITHUB_TOKEN}\"",
            "let token = tokenizer.next_token(input_text_1);",
            "password: \"correct horse battery\"",
            "secret = \"kebab-case-name-of-something\"",
            "token_hash = \"9f8e7d6c5b4a39281706f5e4d3c2b1a0\"",
        ],
        ..TOKEN
    },
    Rule {
        id: "generated-secret-env",
        severity: High,
        message: "A value that looks generated, under the name of a secret: if it is one, revoke it.",
        keywords: &["key", "secret", "token", "passw", "credential"],
        pattern: r"(?i)^\s*(?:export\s+)?[A-Z0-9_]*(?:KEY|SECRET|TOKEN|PASSWO?R?D|CREDENTIAL)S?\s*=\s*([^\s'\x22#]{12,200})\s*(?:#.*)?$",
        files: &[".env", ".envrc", ".properties", ".ini", ".sh", ".cfg"],
        general: true,
        value: Some(value::is_random),
        fires: &[concat!("export DB_PASSWORD=q7Zt9Lx2", "Vb4Kw8Rn3Mj6")],
        quiet: &["API_TOKEN=$(cat /run/token12345678)", "API_KEY=", "SORT_KEY=created_at_then_name"],
        ..TOKEN
    },
];
