//! What a hostile or broken world puts in the way: each is one clear error or no matter at all, in
//! bounded time, and nothing of it reaches a terminal as it is.

mod files;
mod guests;

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Instant;

use serde_json::json;

use crate::harness::{Installation, PATIENCE, guest};

/// Runs a command that must not hang; gives its exit code and all it printed.
#[track_caller]
fn ends<S: AsRef<OsStr>>(
    installation: &Installation,
    arguments: impl IntoIterator<Item = S>,
) -> (i32, String) {
    let mut command = installation.command(arguments);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let begun = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if begun.elapsed() > PATIENCE {
            child.kill().unwrap();
            panic!("it hangs");
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let Output { status, mut stdout, stderr } = child.wait_with_output().unwrap();
    stdout.extend(stderr);
    let printed = String::from_utf8_lossy(&stdout).into_owned();
    assert!(!printed.contains("panicked"), "{printed}");
    (status.code().unwrap_or(-1), printed)
}

fn pipe(path: &Path) {
    rustix::fs::mknodat(rustix::fs::CWD, path, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
}

fn copy_of(installation: &Installation, name: &OsStr, without: &str) -> std::path::PathBuf {
    let folder = installation.place("plugins").join(name);
    fs::create_dir_all(&folder).unwrap();
    for file in ["plugin.toml", "echo.wasm"].into_iter().filter(|file| *file != without) {
        fs::copy(guest("echo").join(file), folder.join(file)).unwrap();
    }
    folder
}

#[test]
fn a_folder_name_cannot_move_the_cursor() {
    let installation = Installation::new();
    let folder = copy_of(&installation, OsStr::new("\u{1b}[2Jred"), "echo.wasm");
    let (code, printed) = ends(&installation, [OsStr::new("register"), folder.as_os_str()]);
    assert_eq!(code, 3, "{printed}");
    assert!(printed.contains("\\u{1b}[2Jred") && !printed.contains('\u{1b}'), "{printed}");
    let (code, printed) = ends(&installation, ["--config", "\u{9b}2J", "list"]);
    assert!(code == 3 && !printed.contains('\u{9b}'), "{printed}");
}

#[test]
fn an_answer_cannot_move_the_cursor_in_any_form() {
    let installation = Installation::new();
    installation.register("echo", &[]);
    let text = "\u{1b}[7m\u{9b}7m\u{200e}";
    let input = json!({ "text": text }).to_string();
    for form in [&["invoke", "echo", "--input", &input][..], &["invoke", "echo", "--input", &input, "--json"]]
    {
        let ran = installation.ares(form).exits(0);
        assert!(!ran.stdout.contains(['\u{1b}', '\u{9b}', '\u{202e}']), "{ran:?}");
        let answer = ran.json();
        assert!([&answer["text"], &answer["value"]["text"]].contains(&&json!(text)), "{answer}");
    }
}

#[test]
fn names_that_are_not_utf8() {
    let installation = Installation::new();
    let name = OsString::from_vec(b"\xff\xfe".to_vec());
    let folder = copy_of(&installation, &name, "");
    let (code, printed) = ends(&installation, [OsStr::new("register"), folder.as_os_str()]);
    assert!(code == 2 && printed.contains("not UTF-8"), "{printed}");
    let (code, printed) = ends(&installation, ["discover", "plugins"]);
    assert!(code == 0 && printed.contains("echo"), "{printed}");
    let state = installation.folder.path().join(&name);
    let (code, printed) = ends(&installation, [OsStr::new("--state"), state.as_os_str(), OsStr::new("init")]);
    assert!(code == 2 && printed.contains("--state"), "given twice: {printed}");
    let mut init = std::process::Command::new(crate::harness::binary());
    let output = init.arg("--state").arg(&state).arg("init").output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

#[test]
fn pipes_in_the_place_of_files_are_not_waited_for() {
    let installation = Installation::new();
    installation.register("echo", &[]);
    let state = installation.state();
    let artifact = fs::read_dir(state.join("artifacts")).unwrap().next().unwrap().unwrap().path();
    let id = "01a1fe15-a8d0-733f-9fa8-76037a356ee7";
    let (alive, log) = (format!("spool/{id}.alive"), format!("spool/{id}-00000001.log"));
    let invoke = ["invoke", "echo", "--input", r#"{"text":"x"}"#];
    for (file, code, says) in [
        (state.join("ares.toml"), 2, "ares.toml is not a regular file"),
        (state.join("keys/artifacts.key"), 1, "artifacts.key"),
        (artifact, 0, "x"),
        (state.join(&alive), 1, alive.as_str()),
        (state.join(&log), 1, log.as_str()),
    ] {
        let aside = state.join("aside");
        let was = fs::rename(&file, &aside).is_ok();
        let mark = (file == state.join(&log)).then(|| fs::write(state.join(&alive), ""));
        pipe(&file);
        let (found, printed) = ends(&installation, invoke);
        assert!(found == code && printed.contains(says), "{}: {found}, {printed}", file.display());
        let _ = fs::remove_file(&file);
        if mark.is_some() {
            let _ = fs::remove_file(state.join(&alive));
        }
        if was {
            fs::rename(aside, file).unwrap();
        }
    }
    installation.ares(invoke).exits(0);
}

#[test]
fn files_that_are_too_large_or_not_text() {
    let installation = Installation::new();
    let config = installation.state().join("ares.toml");
    fs::File::create(&config).unwrap().set_len(3 << 30).unwrap();
    let (code, printed) = ends(&installation, ["list"]);
    assert!(code == 2 && printed.contains("ares.toml has more than"), "{code}: {printed}");
    fs::write(&config, b"\xff\xfe").unwrap();
    let (code, printed) = ends(&installation, ["list"]);
    assert!(code == 2 && printed.contains("ares.toml is not UTF-8"), "{code}: {printed}");
    fs::remove_file(&config).unwrap();
    let ran = installation.ares_with(["invoke", "echo"], b"{\"text\":\"\xff\"}").exits(2);
    assert!(ran.stderr.contains("standard input"), "{ran:?}");
}

#[test]
fn a_state_directory_with_a_name_too_long_for_a_socket() {
    let installation = Installation::new();
    let long = installation.folder.path().join("x".repeat(150));
    let ares = |command: &str| {
        let mut ares = std::process::Command::new(crate::harness::binary());
        ares.arg("--state").arg(&long).arg(command).output().unwrap()
    };
    for command in ["init", "list", "doctor"] {
        let output = ares(command);
        assert_eq!(output.status.code(), Some(0), "{command} needs no socket: {output:?}");
    }
    let output = ares("run");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("too long for a Unix socket"), "{output:?}");
}

#[test]
fn what_is_unregistered_or_refused_leaves_no_code() {
    let installation = Installation::new();
    let code = || fs::read_dir(installation.state().join("artifacts")).unwrap().count();
    installation.register("echo", &[]);
    assert_eq!(code(), 1);
    installation.ares(["unregister", "echo"]).exits(0);
    assert_eq!(code(), 0);
    // It compiles, and only its description shows that it does not belong to its manifest.
    let folder = copy_of(&installation, OsStr::new("short"), "plugin.toml");
    let manifest = fs::read_to_string(guest("echo").join("plugin.toml")).unwrap();
    fs::write(folder.join("plugin.toml"), manifest.replace("\"show_config\"", "\"show_other\"")).unwrap();
    installation.ares([OsStr::new("register"), folder.as_os_str()]).exits(2);
    assert_eq!(code(), 0);
}

#[test]
fn registering_and_unregistering_at_once_leaves_one_of_both() {
    let installation = Installation::new();
    for with_host in [false, true] {
        let host = with_host.then(|| installation.run());
        let folder = guest("notes");
        let register = [OsStr::new("register"), folder.as_os_str(), OsStr::new("--grant"), OsStr::new("kv")];
        let unregister = ["unregister", "notes"].map(OsStr::new);
        let spawn = |arguments: &[&OsStr]| {
            installation.command(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
        };
        let all = [spawn(&register), spawn(&unregister), spawn(&register), spawn(&unregister)];
        for mut child in all {
            let code = child.wait().unwrap().code();
            assert!(matches!(code, Some(0 | 4)), "{code:?}");
        }
        installation.ares(register).exits(0);
        installation.ares(["verify"]).exits(0);
        installation.ares(["registry", "check"]).exits(0);
        assert_eq!(installation.invoke("put_note", r#"{"name":"a","text":"b"}"#)["status"], "ok");
        assert_eq!(fs::read_dir(installation.state().join("components")).unwrap().count(), 1);
        drop(host);
    }
}

#[test]
fn a_socket_full_of_rubbish_serves_the_next() {
    let installation = Installation::new();
    let mut host = installation.run();
    let socket = installation.state().join("host.sock");
    let random: Vec<u8> = (0..9999_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 11) as u8).collect();
    let deep = "[".repeat(100_000);
    for bytes in [b"\xff\0".as_slice(), b"{}", b"", b"{\"id\":1e999}", &random, deep.as_bytes()] {
        let mut stream = UnixStream::connect(&socket).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        // The host may have answered and left before all of it is written.
        let _ = stream.write_all(bytes).and_then(|()| stream.write_all(b"\n"));
        let mut lines = BufReader::new(stream).lines().map(Result::unwrap);
        let (greeting, answer) = (lines.next().unwrap(), lines.next().unwrap());
        assert!(greeting.starts_with(r#"{"id":null,"host":"#), "{greeting}");
        assert!(answer.starts_with(r#"{"id":null,"problem""#), "{answer}");
    }
    let half = UnixStream::connect(&socket).unwrap();
    (&half).write_all(b"{\"id\":1,").unwrap();
    installation.ares(["list"]).exits(0);
    assert!(host.is_alive());
    assert_eq!(host.stop(), 0);
}
