//! Compiling in a child: this very test binary, started again.

use super::*;

/// The smallest component.
const EMPTY: &[u8] = b"\0asm\x0d\0\x01\0";
const CHILD: &str = "compile::tests::as_child";

/// Not a test: what the child runs.
#[test]
#[ignore = "runs in the child that other tests start"]
fn as_child() {
    if std::env::args().any(|argument| argument == CHILD) {
        child::compile_child_main();
    }
}

fn this_binary() -> Compiler {
    Compiler::this_program(["--ignored", "--exact", CHILD, "--nocapture", "--quiet"]).unwrap()
}

fn other(program: &str, args: &[&str]) -> Compiler {
    Compiler { program: program.into(), args: args.iter().map(Into::into).collect() }
}

async fn compiled(compiler: &Compiler, bytes: &[u8]) -> Result<Vec<u8>, CompileError> {
    let dir = tempfile::tempdir().unwrap();
    let result = compile(compiler, dir.path(), bytes.to_vec()).await;
    assert_eq!(fs_err::read_dir(dir.path()).unwrap().count(), 0, "nothing stays behind");
    result
}

#[tokio::test]
async fn a_component_becomes_code() {
    let code = compiled(&this_binary(), EMPTY).await.unwrap();
    assert_eq!(Engine::detect_precompiled(&code), Some(Precompiled::Component));
}

#[tokio::test]
async fn what_is_no_component_is_invalid() {
    for bytes in [b"\0asm\x0d\0\x01\0\xff\xff".as_slice(), b"\0asm\x01\0\0\0", b"(component)"] {
        let error = compiled(&this_binary(), bytes).await.unwrap_err();
        assert!(matches!(&error, CompileError::Invalid(why) if !why.is_empty()), "{error:?}");
    }
}

#[tokio::test]
async fn a_child_that_fails_is_a_failure() {
    for compiler in [other("/bin/true", &[]), other("/bin/false", &[]), other("/no/such/program", &[])] {
        let error = compiled(&compiler, EMPTY).await.unwrap_err();
        assert!(matches!(error, CompileError::Failed(_)), "{error:?}");
    }
}

#[tokio::test]
async fn every_limit_is_told_apart() {
    for (script, limit) in [
        ("kill -XCPU $$", "processor time"),
        ("kill -XFSZ $$", "MiB"),
        ("kill -SEGV $$", "stack"),
        ("kill -KILL $$", "killed"),
        ("echo memory allocation of 7 bytes failed >&2; kill -ABRT $$", "of memory"),
    ] {
        let error = compiled(&other("/bin/sh", &["-c", script]), EMPTY).await.unwrap_err();
        assert!(matches!(&error, CompileError::Limit(text) if text.contains(limit)), "{script}: {error:?}");
    }
}

#[tokio::test]
async fn a_child_that_talks_without_end_is_cut_off() {
    let error = compiled(&other("/bin/sh", &["-c", "yes >&2; exit 70"]), EMPTY).await.unwrap_err();
    let CompileError::Failed(error) = error else { panic!("{error:?}") };
    assert!(error.to_string().len() < 2 * FOREIGN_TEXT_MAX, "{} bytes", error.to_string().len());
}

#[tokio::test]
async fn nobody_waiting_ends_the_child() {
    let dir = tempfile::tempdir().unwrap();
    let pid_file = dir.path().join("pid");
    let script = format!("echo $$ > {}; exec sleep 1000", pid_file.display());
    let compiler = other("/bin/sh", &["-c", &script]);
    let waiting = compile(&compiler, dir.path(), EMPTY.to_vec());
    assert!(tokio::time::timeout(std::time::Duration::from_millis(500), waiting).await.is_err());
    let pid: i32 = fs_err::read_to_string(&pid_file).unwrap().trim().parse().unwrap();
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    let gone = async {
        // A killed child stays a zombie until tokio reaps it.
        while fs_err::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()))
            .is_ok_and(|stat| !stat.contains(" Z "))
        {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(5), gone).await.unwrap();
}

#[tokio::test]
async fn the_child_limits_itself() {
    // Its component comes through a pipe here, so it waits and can be looked at.
    let compiler = this_binary();
    let mut waiting = tokio::process::Command::new(&compiler.program)
        .args(&compiler.args)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let path = format!("/proc/{}/limits", waiting.id().unwrap());
    let has = |limits: &str, name: &str, value: u64| {
        let line = limits.lines().find(|line| line.starts_with(name)).unwrap();
        line.trim_start_matches(name).split_whitespace().next() == Some(value.to_string().as_str())
    };
    let limited = async {
        loop {
            let limits = fs_err::read_to_string(&path).unwrap();
            if has(&limits, "Max cpu time", child::CPU_SECONDS) {
                return limits;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let limits = tokio::time::timeout(Duration::from_secs(10), limited).await.unwrap();
    assert!(has(&limits, "Max address space", child::MEMORY_BYTES), "{limits}");
    assert!(has(&limits, "Max file size", ARTIFACT_BYTES_MAX), "{limits}");
    assert!(has(&limits, "Max core file size", 0), "{limits}");
    waiting.kill().await.unwrap();
}

/// A component with one function that keeps `values` values alive at one time.
fn crowded(values: usize) -> Vec<u8> {
    fn number(mut n: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        while n > 0x7f {
            bytes.push((n & 0x7f) as u8 | 0x80);
            n >>= 7;
        }
        bytes.push(n as u8);
        bytes
    }
    let sized = |bytes: Vec<u8>| [number(bytes.len()), bytes].concat();
    // No locals; `i32.const 7 i32.eqz` for each value, `i32.xor` between them, `drop end`.
    let mut body = vec![0];
    body.extend([0x41, 7, 0x45].repeat(values));
    body.extend(vec![0x73; values - 1]);
    body.extend([0x1a, 0x0b]);
    let code = sized([vec![1], sized(body)].concat());
    let module = [b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x0a".to_vec(), code].concat();
    [EMPTY.to_vec(), vec![1], sized(module)].concat()
}

#[tokio::test]
async fn too_little_memory_is_a_limit_and_not_the_end() {
    let bytes = crowded(300_000);
    assert!(compiled(&this_binary(), &bytes).await.is_ok(), "it must compile where there is room");
    let mut args = vec!["-c".into(), "ulimit -v 200000; exec \"$0\" \"$@\"".into()];
    args.push(std::env::current_exe().unwrap().into());
    args.extend(this_binary().args);
    let cramped = Compiler { program: "/bin/sh".into(), args };
    let error = compiled(&cramped, &bytes).await.unwrap_err();
    assert!(matches!(&error, CompileError::Limit(limit) if limit.contains("memory")), "{error:?}");
}
