//! Time, other programs of this binary, and the end of the process.
use super::values::Text;
use crate::{engine, fatal, programs, rejections};
use rquickjs::{Ctx, Exception, Result, function::Opt};
use rustix::time::{ClockId, clock_gettime};
use std::{cell::RefCell, time::Duration};

pub fn monotonic_ms() -> f64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec as f64 * 1e3 + now.tv_nsec as f64 / 1e6
}

pub fn realtime_ms() -> f64 {
    let now = clock_gettime(ClockId::Realtime);
    now.tv_sec as f64 * 1e3 + (now.tv_nsec / 1_000_000) as f64
}

pub fn sleep(ms: f64) {
    std::thread::sleep(Duration::try_from_secs_f64(ms / 1e3).unwrap_or_default());
}

thread_local! {
    /// What one program hands to the next: stdin can be read only once.
    static INPUT: RefCell<Option<String>> = const { RefCell::new(None) };
}

pub fn take_input() -> Option<String> {
    INPUT.take()
}

/// Runs another program of this binary, so that one which does not need it does not pay for reading it.
pub fn run_program(ctx: Ctx, name: Text, input: Opt<Text>) -> Result<()> {
    INPUT.set(input.0.map(|text| text.0));
    let Some(program) = programs::find(&name.0) else {
        return Err(Exception::throw_range(&ctx, "no such program in this binary"));
    };
    engine::start(&ctx, program)
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
