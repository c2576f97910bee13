//! The programs in this binary. Each has its own bytecode and pays only for itself, and its own limit of memory.

pub struct Program {
    name: &'static str,
    /// What the engine may hold while it runs; build.mjs says how much, and why.
    pub memory_limit_bytes: usize,
    pub bytecode: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/programs.rs"));

/// The program of this name.
pub fn find(name: &str) -> Option<&'static Program> {
    PROGRAMS.iter().find(|program| program.name == name)
}

/// The program named like the last component of `argv[0]`, so that a link can choose one; else the first.
pub fn select(argv0: &str) -> &'static Program {
    let name = argv0.rsplit('/').next().unwrap_or_default();
    find(name).unwrap_or(&PROGRAMS[0])
}
