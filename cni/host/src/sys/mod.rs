//! The native module "sys": exactly the calls of ../../../sys/host.d.ts, plain numbers, strings and byte arrays.
//! A failing call answers a negative errno; ../../../sys/native.ts makes it an error with name and arguments.
mod child;
mod exec;
mod failure;
mod files;
mod ioctl;
mod network;
mod process;
mod text;
mod values;

use rquickjs::{
    Ctx, Function, Object, Result,
    module::{Declarations, Exports, ModuleDef},
};

pub struct Sys;

macro_rules! functions {
    ($($(#[$condition:meta])? $name:literal => $function:expr),* $(,)?) => {
        fn declare_functions(module: &Declarations) -> Result<()> {
            $($(#[$condition])? module.declare($name)?;)*
            Ok(())
        }
        fn export_functions<'js>(ctx: &Ctx<'js>, exports: &Exports<'js>) -> Result<()> {
            $($(#[$condition])? exports.export($name, Function::new(ctx.clone(), $function)?)?;)*
            Ok(())
        }
    };
}

functions! {
    "open" => files::open,
    "close" => files::close,
    "read" => files::read,
    "write" => files::write,
    "readToEnd" => files::read_to_end,
    "readDirectory" => files::read_directory,
    "fstat" => files::fstat,
    "stat" => files::stat,
    "filesystemType" => files::filesystem_type,
    "setns" => network::setns,
    "ioctl" => ioctl::ioctl,
    "socket" => network::socket,
    "bindNetlink" => network::bind_netlink,
    "connectUnix" => network::connect_unix,
    "send" => network::send,
    "receive" => network::receive,
    "poll" => network::poll,
    "execute" => exec::execute,
    "rename" => files::rename,
    "tryLock" => files::try_lock,
    "realtimeMs" => process::realtime_ms,
    "monotonicMs" => process::monotonic_ms,
    "sleep" => process::sleep,
    "sha256Hex" => text::sha256_hex,
    "encodeUtf8" => text::encode_utf8,
    "decodeUtf8" => text::decode_utf8,
    "runProgram" => process::run_program,
    "takeInput" => process::take_input,
    "exit" => process::exit,
    #[cfg(feature = "conformance")] "panic" => process::panic,
}

impl ModuleDef for Sys {
    fn declare(module: &Declarations) -> Result<()> {
        module.declare("argv")?;
        module.declare("env")?;
        declare_functions(module)
    }

    fn evaluate<'js>(ctx: &Ctx<'js>, exports: &Exports<'js>) -> Result<()> {
        let argv: Vec<String> = std::env::args_os().map(|a| a.to_string_lossy().into_owned()).collect();
        exports.export("argv", argv)?;
        let env = Object::new(ctx.clone())?;
        // No prototype: a variable named like one of Object's own properties is only data.
        env.set_prototype(None)?;
        for (name, value) in std::env::vars_os() {
            env.set(&*name.to_string_lossy(), &*value.to_string_lossy())?;
        }
        exports.export("env", env)?;
        export_functions(ctx, exports)
    }
}
