//! How often a plugin may be called: two buckets of tokens, one that fills in a minute and one in an hour.

use std::num::NonZeroU32;

use governor::clock::Clock as _;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

/// The buckets of one plugin, in this process.
#[derive(Debug, Default)]
pub struct Rate {
    per_minute: Option<Bucket>,
    per_hour: Option<Bucket>,
}

#[derive(Debug)]
struct Bucket {
    limiter: DefaultDirectRateLimiter,
    most: u32,
}

/// A bucket was empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooOften {
    /// The manifest's key: `per_minute` or `per_hour`.
    pub key: &'static str,
    /// How many it allows.
    pub most: u32,
    /// When there is a token again, in milliseconds from now.
    pub wait_ms: u64,
}

impl Rate {
    /// Full buckets; without a number there is no bucket.
    #[must_use]
    pub fn new(per_minute: Option<u32>, per_hour: Option<u32>) -> Self {
        let bucket = |quota: fn(NonZeroU32) -> Quota| {
            move |most: u32| {
                let limiter = RateLimiter::direct(quota(NonZeroU32::new(most)?));
                Some(Bucket { limiter, most })
            }
        };
        Self {
            per_minute: per_minute.and_then(bucket(Quota::per_minute)),
            per_hour: per_hour.and_then(bucket(Quota::per_hour)),
        }
    }

    /// Takes a token of each.
    ///
    /// # Errors
    /// The first bucket that was empty.
    pub fn take(&self) -> Result<(), TooOften> {
        for (key, bucket) in [("per_hour", &self.per_hour), ("per_minute", &self.per_minute)] {
            let Some(Bucket { limiter, most }) = bucket else { continue };
            if let Err(not_until) = limiter.check() {
                let wait = not_until.wait_time_from(limiter.clock().now());
                let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1);
                return Err(TooOften { key, most: *most, wait_ms });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_empty_after_so_many_and_says_how_long() {
        let rate = Rate::new(Some(3), None);
        assert!((0..3).all(|_| rate.take().is_ok()));
        let no = rate.take().unwrap_err();
        assert_eq!((no.key, no.most), ("per_minute", 3));
        assert!((1..=20_000).contains(&no.wait_ms), "{no:?}");
        let hour = Rate::new(Some(10), Some(1));
        assert!(hour.take().is_ok());
        assert_eq!(hour.take().unwrap_err().key, "per_hour");
        assert!((0..1000).all(|_| Rate::default().take().is_ok()));
    }

    #[test]
    fn many_at_once_get_no_more_than_there_are() {
        let rate = Rate::new(Some(50), None);
        let took = || (0..100).filter(|_| rate.take().is_ok()).count();
        let all: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(took)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert!((50..=52).contains(&all), "{all}");
    }
}
