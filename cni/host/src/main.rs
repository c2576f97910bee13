//! Picks the embedded program and runs it. No decision of mqtap lives in this crate: see ../../main.ts.
//! `main` is C's: what Rust's own start-up adds (it reads /proc/self/maps for a guard page) costs more than VERSION's answer.
#![no_main]

mod descriptors;
mod engine;
mod fatal;
mod programs;
mod rejections;
mod sys;

#[unsafe(no_mangle)]
extern "C" fn main() -> libc::c_int {
    fatal::install_panic_hook();
    descriptors::prepare();
    // Kept in the file, so that the build can tell which inputs a binary was made of.
    std::hint::black_box(programs::INPUTS);
    let argv0 = std::env::args_os().next().unwrap_or_default();
    engine::run(programs::select(&argv0.to_string_lossy()));
    0
}
