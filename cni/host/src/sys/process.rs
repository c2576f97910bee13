//! Time and the end of the process.
use crate::{fatal, rejections};
use rquickjs::Ctx;
use rustix::time::{ClockId, clock_gettime};
use std::time::Duration;

pub fn monotonic_ms() -> f64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec as f64 * 1e3 + now.tv_nsec as f64 / 1e6
}

pub fn sleep(ms: f64) {
    std::thread::sleep(Duration::try_from_secs_f64(ms / 1e3).unwrap_or_default());
}

/// Ends the process with `status`, unless a promise was rejected and nobody handled it.
pub fn exit(ctx: Ctx, status: i32) {
    rejections::settle(&ctx);
    fatal::exit(status)
}

#[cfg(feature = "conformance")]
pub fn panic() {
    panic!("asked for by a test");
}
