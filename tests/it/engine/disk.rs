//! A granted folder on a disk that is really full.

use ares_kernel::facts::{Limits, Quota};
use serde_json::json;

use super::quotas::{chaos, script, writable};
use crate::harness::SmallDisk;

#[tokio::test]
async fn a_full_disk_is_an_error_for_the_guest_and_nothing_else() {
    let Some(disk) = SmallDisk::mounted(1 << 20) else { return };
    let house = chaos(vec![writable("target", disk.path(), Quota::default())], Limits::default()).await;
    for act in ["write", "stream", "append", "asked", "zeroes"] {
        let steps = json!([
            {"act": act, "path": act, "amount": 2 << 20},
            {"act": "write", "path": "more", "amount": 1 << 16},
            {"act": "unlink", "path": act},
            {"act": "write", "path": "more", "amount": 1 << 16},
            {"act": "unlink", "path": "more"},
        ]);
        let (said, usage) = script(&house, steps).await;
        assert!(said[0].contains("insufficient-space"), "{act}: {said:?}");
        assert!(said[1].contains("insufficient-space"), "{act}: {said:?}");
        assert_eq!((said[3].as_str(), usage.file_limit), ("65536 bytes", None), "{act}: {said:?}");
    }
}
