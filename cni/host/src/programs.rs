//! The programs in this binary. Each has its own bytecode and pays only for itself.

include!(concat!(env!("OUT_DIR"), "/programs.rs"));

/// The program of this name.
pub fn find(name: &str) -> Option<&'static [u8]> {
    PROGRAMS.iter().find(|(program, _)| *program == name).map(|(_, bytecode)| *bytecode)
}

/// The program named like the last component of `argv[0]`, so that a link can choose one; else the first.
pub fn select(argv0: &str) -> &'static [u8] {
    let name = argv0.rsplit('/').next().unwrap_or_default();
    find(name).unwrap_or(PROGRAMS[0].1)
}
