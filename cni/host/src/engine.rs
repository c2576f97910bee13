//! Starts the engine with its limits and runs one program to its end.
use crate::{fatal::fatal, rejections, sys::Sys};
use rquickjs::{
    CatchResultExt, CaughtError, Context, Ctx, Module, Result, Runtime, Value, context::intrinsic, qjs,
};

/// The plugin runs inside Multus' 50 Mi container: a runaway fails here, as an error, not there by the OOM killer.
const MEMORY_LIMIT_BYTES: usize = 16 << 20;
const STACK_LIMIT_BYTES: usize = 512 << 10;

/// No Eval and no RegExpCompiler: the parser is not linked in at all.
type Builtins =
    (intrinsic::RegExp, intrinsic::Json, intrinsic::MapSet, intrinsic::TypedArrays, intrinsic::Promise);

/// Runs `bytecode`; returns only when the program ended well without calling `exit`.
pub fn run(bytecode: &[u8]) {
    let Ok(runtime) = Runtime::new() else { fatal("cannot start the engine") };
    runtime.set_memory_limit(MEMORY_LIMIT_BYTES);
    runtime.set_max_stack_size(STACK_LIMIT_BYTES);
    // A short-lived process: reference counting alone, no cycle collection.
    runtime.set_gc_threshold(usize::MAX);
    runtime.set_host_promise_rejection_tracker(Some(Box::new(rejections::track)));
    let Ok(context) = Context::custom::<Builtins>(&runtime) else { fatal("cannot start the engine") };
    context.with(|ctx| {
        if let Err(failure) = evaluate(&ctx, bytecode).catch(&ctx) {
            lift_memory_limit(&ctx);
            fatal(&describe(&failure));
        }
        rejections::settle(&ctx);
    });
}

fn evaluate(ctx: &Ctx<'_>, bytecode: &[u8]) -> Result<()> {
    Module::declare_def::<Sys, _>(ctx.clone(), "sys")?;
    start(ctx, bytecode)
}

/// Runs one program's top level to its end.
pub fn start(ctx: &Ctx<'_>, bytecode: &[u8]) -> Result<()> {
    // SAFETY: the bytes come from build.rs, which used this very engine.
    let module = unsafe { Module::load(ctx.clone(), bytecode) }?;
    let (_module, done) = module.eval()?;
    done.finish::<()>()
}

/// What a person needs of a thrown value: the error's name, message and stack.
fn describe(failure: &CaughtError<'_>) -> String {
    match failure {
        CaughtError::Exception(exception) => describe_value(exception.as_object().as_value()),
        CaughtError::Value(value) => describe_value(value),
        CaughtError::Error(error) => error.to_string(),
    }
}

/// As [`describe`], for any value; one that cannot even be shown is still a failure.
pub fn describe_value(value: &Value<'_>) -> String {
    let Some(object) = value.as_object() else {
        let text = value.as_string().and_then(|s| s.to_string().ok());
        return text.unwrap_or_else(|| format!("{} was thrown", value.type_name()));
    };
    let field = |name: &str| object.get::<_, Option<String>>(name).ok().flatten().unwrap_or_default();
    format!("{}: {}\n{}", field("name"), field("message"), field("stack"))
}

/// Describing an out-of-memory error needs memory itself.
fn lift_memory_limit(ctx: &Ctx<'_>) {
    // SAFETY: both pointers are live for as long as `ctx` is.
    unsafe { qjs::JS_SetMemoryLimit(qjs::JS_GetRuntime(ctx.as_raw().as_ptr()), usize::MAX as _) };
}
