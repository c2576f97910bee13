//! Picks the embedded program and runs it. No decision of mqtap lives in this crate: see ../../main.ts.
mod engine;
mod fatal;
mod programs;
mod rejections;
mod sys;

fn main() {
    fatal::install_panic_hook();
    // Kept in the file, so that the build can tell which inputs a binary was made of.
    std::hint::black_box(programs::INPUTS);
    // Rust's runtime ignores SIGPIPE: a caller that has gone is an error of `write`, not a silent death.
    let argv0 = std::env::args_os().next().unwrap_or_default();
    engine::run(programs::select(&argv0.to_string_lossy()));
}
