//! A rejected promise that nobody handles must not end in silence with status 0.
use crate::{engine::describe_value, fatal::fatal};
use rquickjs::{Ctx, Value};
use std::cell::RefCell;

thread_local! {
    static UNHANDLED: RefCell<Vec<(usize, String)>> = const { RefCell::new(Vec::new()) };
}

fn address(promise: &Value<'_>) -> usize {
    // SAFETY: only the address is taken, as an identity; nothing is read through it.
    unsafe { rquickjs::qjs::JS_VALUE_GET_PTR(promise.as_raw()) as usize }
}

/// The engine's rejection tracker: called on a rejection without handler, and again when one comes late.
pub fn track<'js>(_ctx: Ctx<'js>, promise: Value<'js>, reason: Value<'js>, is_handled: bool) {
    let address = address(&promise);
    UNHANDLED.with_borrow_mut(|unhandled| {
        if is_handled {
            unhandled.retain(|(other, _)| *other != address);
        } else {
            unhandled.push((address, describe_value(&reason)));
        }
    });
}

/// Runs what is still queued, then fails if a rejection was lost.
pub fn settle(ctx: &Ctx<'_>) {
    while ctx.execute_pending_job() {}
    if let Some((_, reason)) = UNHANDLED.with_borrow(|unhandled| unhandled.first().cloned()) {
        fatal(&format!("a promise was rejected and nobody handled it: {reason}"));
    }
}
