//! Who runs this process, by the operating system's name.

use ares_kernel::Caller;

/// The person this process belongs to: the name `/etc/passwd` gives, else the number.
#[must_use]
pub(crate) fn caller() -> Caller {
    let uid = rustix::process::geteuid().as_raw();
    let table = fs_err::read_to_string("/etc/passwd").unwrap_or_default();
    Caller::Human(name(&table, uid).map_or_else(|| format!("uid-{uid}"), str::to_owned))
}

fn name(table: &str, uid: u32) -> Option<&str> {
    table.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, number) = (fields.next()?, fields.nth(1)?);
        (number.parse() == Ok(uid) && !name.is_empty()).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::name;

    #[test]
    fn the_name_stands_before_its_number() {
        let table =
            "root:x:0:0:root:/root:/bin/sh\nbad\n:x:7:7::/:\noperator:x:1000:1000::/home/operator:/bin/sh\n";
        assert_eq!((name(table, 0), name(table, 1000)), (Some("root"), Some("operator")));
        assert_eq!((name(table, 7), name(table, 1)), (None, None));
    }
}
