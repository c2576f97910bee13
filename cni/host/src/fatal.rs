//! The last resort: whatever fails, the caller gets exactly one CNI error document and a status that is not 0.
use std::{
    io::Write,
    sync::atomic::{AtomicBool, Ordering},
};

/// Exit status for a failure of the program itself (EX_SOFTWARE of sysexits.h).
const EXIT_SOFTWARE: i32 = 70;
const DOCUMENT: &str = "{\"cniVersion\":\"1.1.0\",\"code\":999,\"msg\":\"internal error of mqtap\",\"details\":\"see stderr\"}\n";

static STDOUT_USED: AtomicBool = AtomicBool::new(false);

/// The program wrote to stdout itself: another document would spoil the first.
pub fn stdout_used() {
    STDOUT_USED.store(true, Ordering::Relaxed);
}

/// Says why on stderr, prints the CNI error unless stdout is taken, and ends the process.
pub fn fatal(why: &str) -> ! {
    let _ = writeln!(std::io::stderr(), "fatal: {}", why.trim_end());
    if !STDOUT_USED.swap(true, Ordering::Relaxed) {
        let _ = std::io::stdout().write_all(DOCUMENT.as_bytes());
        let _ = std::io::stdout().flush();
    }
    exit(EXIT_SOFTWARE)
}

/// Ends the process at once; the kernel frees everything.
pub fn exit(status: i32) -> ! {
    // SAFETY: nothing of ours is buffered or has to be dropped.
    unsafe { libc::_exit(status) }
}

/// A panic of the host itself ends like any other failure, instead of an abort with empty stdout.
pub fn install_panic_hook() {
    std::panic::set_hook(Box::new(|info| fatal(&format!("panic in the host: {info}"))));
}
