//! Starts the engine with its limits and runs one program to its end.
use crate::{fatal::fatal, programs::Program, rejections, sys::Sys};
use rquickjs::{
    CatchResultExt, CaughtError, Context, Ctx, Module, Result, Runtime, Value, context::intrinsic, qjs,
};

const STACK_LIMIT_BYTES: usize = 512 << 10;
/// More than any ordinary call needs. Untouched memory costs nothing, and asking for it bit by bit does.
const HEAP_STEP_BYTES: libc::c_int = 1 << 20;
/// What the engine's own start touches of it, and a program for each byte of its bytecode: measured, and a little less.
const ENGINE_HEAP_BYTES: usize = 160 << 10;
const HEAP_BYTES_PER_BYTECODE: usize = 4;

/// No Eval and no RegExpCompiler: the parser is not linked in at all.
type Builtins =
    (intrinsic::RegExp, intrinsic::Json, intrinsic::MapSet, intrinsic::TypedArrays, intrinsic::Promise);

/// Runs `program`; returns only when it ended well without calling `exit`.
pub fn run(program: &Program) {
    // SAFETY: plain numbers; the process has one thread.
    unsafe {
        libc::mallopt(libc::M_TOP_PAD, HEAP_STEP_BYTES);
        libc::mallopt(libc::M_TRIM_THRESHOLD, libc::c_int::MAX);
        libc::mallopt(libc::M_MMAP_THRESHOLD, HEAP_STEP_BYTES);
    }
    fault_in_heap(ENGINE_HEAP_BYTES);
    let Ok(runtime) = Runtime::new() else { fatal("cannot start the engine") };
    runtime.set_max_stack_size(STACK_LIMIT_BYTES);
    // A short-lived process: reference counting alone, no cycle collection.
    runtime.set_gc_threshold(usize::MAX);
    runtime.set_host_promise_rejection_tracker(Some(Box::new(rejections::track)));
    let Ok(context) = Context::custom::<Builtins>(&runtime) else { fatal("cannot start the engine") };
    context.with(|ctx| {
        if let Err(failure) = evaluate(&ctx, program).catch(&ctx) {
            // Describing an out-of-memory error needs memory itself.
            set_memory_limit(&ctx, usize::MAX);
            fatal(&describe(&failure));
        }
        rejections::settle(&ctx);
    });
}

/// Has the kernel back the next `bytes` of the heap at once, not with a fault for each page.
fn fault_in_heap(bytes: usize) {
    const PAGE: usize = 4096;
    // SAFETY: whole pages inside a block of ours, which nobody else knows. A kernel before 5.14 refuses, and faults do it.
    unsafe {
        let block = libc::malloc(bytes);
        let start = (block as usize).next_multiple_of(PAGE);
        let length = (block as usize + bytes).saturating_sub(start) & !(PAGE - 1);
        if !block.is_null() && length > 0 {
            libc::madvise(start as *mut libc::c_void, length, libc::MADV_POPULATE_WRITE);
        }
        // Back to the top of the heap, where the next allocations come from.
        libc::free(block);
    }
}

fn evaluate(ctx: &Ctx<'_>, program: &Program) -> Result<()> {
    Module::declare_def::<Sys, _>(ctx.clone(), "sys")?;
    start(ctx, program)
}

/// Runs one program's top level to its end, within that program's memory.
pub fn start(ctx: &Ctx<'_>, program: &Program) -> Result<()> {
    set_memory_limit(ctx, program.memory_limit_bytes);
    fault_in_heap(HEAP_BYTES_PER_BYTECODE * program.bytecode.len());
    // SAFETY: the bytes come from build.rs, which used this very engine.
    let module = unsafe { Module::load(ctx.clone(), program.bytecode) }?;
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

/// A runaway fails here, as an error, and not by the OOM killer of the container around it.
fn set_memory_limit(ctx: &Ctx<'_>, bytes: usize) {
    // SAFETY: both pointers are live for as long as `ctx` is.
    unsafe { qjs::JS_SetMemoryLimit(qjs::JS_GetRuntime(ctx.as_raw().as_ptr()), bytes as _) };
}
