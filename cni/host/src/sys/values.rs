//! What JavaScript passes, checked before a system call sees it.
use rquickjs::{Ctx, Exception, FromJs, Result, TypedArray, Value, qjs};
use rustix::fd::BorrowedFd;

/// A descriptor number; a negative one stands for one that is never open, so that the kernel answers EBADF.
pub struct Fd(pub BorrowedFd<'static>);

impl<'js> FromJs<'js> for Fd {
    fn from_js(ctx: &Ctx<'js>, value: Value<'js>) -> Result<Self> {
        let number = i32::from_js(ctx, value)?;
        let number = if number < 0 { i32::MAX } else { number };
        // SAFETY: not negative; a stale number only yields EBADF, as in any C program.
        Ok(Fd(unsafe { BorrowedFd::borrow_raw(number) }))
    }
}

/// A string as UTF-8; a lone surrogate becomes U+FFFD, as TextEncoder has it.
pub struct Text(pub String);

impl<'js> FromJs<'js> for Text {
    fn from_js(ctx: &Ctx<'js>, value: Value<'js>) -> Result<Self> {
        if !value.is_string() {
            return Err(Exception::throw_type(ctx, "not a string"));
        }
        let mut length = 0;
        // SAFETY: `value` is a live string of this context; the buffer is freed below, after the copy.
        let bytes = unsafe {
            let start = qjs::JS_ToCStringLen(ctx.as_raw().as_ptr(), &mut length, value.as_raw());
            if start.is_null() {
                return Err(rquickjs::Error::Exception);
            }
            let bytes = std::slice::from_raw_parts(start.cast::<u8>(), length).to_vec();
            qjs::JS_FreeCString(ctx.as_raw().as_ptr(), start);
            bytes
        };
        Ok(Text(String::from_utf8(bytes).unwrap_or_else(|e| replace_surrogates(e.into_bytes()))))
    }
}

/// The engine writes a lone surrogate as the three bytes ED A0..BF xx, and U+FFFD is three bytes as well.
fn replace_surrogates(mut bytes: Vec<u8>) -> String {
    for at in 0..bytes.len().saturating_sub(2) {
        if bytes[at] == 0xed && bytes[at + 1] >= 0xa0 {
            bytes[at..at + 3].copy_from_slice("\u{fffd}".as_bytes());
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The bytes of a Uint8Array, used only before control returns to JavaScript.
pub fn bytes<'a>(ctx: &Ctx<'_>, array: &'a mut TypedArray<'_, u8>) -> Result<&'a mut [u8]> {
    let Some(mut raw) = array.as_raw() else {
        return Err(Exception::throw_type(ctx, "detached buffer"));
    };
    // SAFETY: one thread, and no JavaScript runs while the slice lives.
    Ok(unsafe { raw.as_mut() })
}
