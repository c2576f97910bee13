//! Compiles each esbuild bundle to QuickJS bytecode on the build machine and writes the table of programs.
//! `MQTAP_PROGRAMS` lists them as `name:MiB=path`, separated by commas; `MQTAP_INPUTS` is the hash of all inputs.
use rquickjs::{
    Context, Module, Runtime, WriteOptions,
    loader::{BuiltinLoader, BuiltinResolver},
};
use std::{env, fmt::Write, fs, path::PathBuf};

fn main() {
    println!("cargo:rerun-if-env-changed=MQTAP_PROGRAMS");
    println!("cargo:rerun-if-env-changed=MQTAP_INPUTS");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let programs =
        env::var("MQTAP_PROGRAMS").expect("build with `node cni/host/build.mjs`, it sets MQTAP_PROGRAMS");
    let inputs = env::var("MQTAP_INPUTS").unwrap_or_default();

    let mut table = String::new();
    for entry in programs.split(',') {
        let (program, bundle) = entry.split_once('=').expect("MQTAP_PROGRAMS is a list of name:MiB=path");
        let (name, limit) = program.split_once(':').expect("a program has a memory limit");
        let limit: usize = limit.parse().expect("a memory limit is a number of MiB");
        println!("cargo:rerun-if-changed={bundle}");
        let source = fs::read(bundle).unwrap_or_else(|e| panic!("cannot read {bundle}: {e}"));
        let bytecode = out.join(format!("{name}.bytecode"));
        fs::write(&bytecode, compile(name, source)).expect("OUT_DIR is writable");
        let fields = format!(
            "name: {name:?}, memory_limit_bytes: {limit} << 20, bytecode: include_bytes!({bytecode:?})"
        );
        writeln!(table, "    Program {{ {fields} }},").expect("a String grows");
    }
    let generated = format!(
        "pub static PROGRAMS: &[Program] = &[\n{table}];\npub static INPUTS: &str = {:?};\n",
        format!("mqtap-inputs:{inputs}")
    );
    fs::write(out.join("programs.rs"), generated).expect("OUT_DIR is writable");
}

fn compile(name: &str, source: Vec<u8>) -> Vec<u8> {
    let runtime = Runtime::new().expect("engine starts");
    // Only the name has to resolve here; the real module is native.
    runtime.set_loader(
        BuiltinResolver::default().with_module("sys"),
        BuiltinLoader::default().with_module("sys", ""),
    );
    let context = Context::full(&runtime).expect("engine starts");
    context.with(|ctx| {
        let module = Module::declare(ctx.clone(), format!("{name}.js"), source)
            .unwrap_or_else(|e| panic!("{name}: {e}: {:?}", ctx.catch()));
        // Line tables stay, so that a stack in the field maps back to TypeScript with the shipped source map.
        let options = WriteOptions { strip_source: true, strip_debug: false, ..Default::default() };
        without_checksum(module.write(options).expect("a compiled module is writable"))
    })
}

/// The engine's own "do not look": the bytes are a part of the binary, like any of its code.
fn without_checksum(mut bytecode: Vec<u8>) -> Vec<u8> {
    // One byte of version, four of checksum (JS_ReadObjectAtoms of quickjs.c).
    bytecode[1..5].fill(0xff);
    bytecode
}
