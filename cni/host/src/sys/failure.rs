//! How a call ends for JavaScript: with its value, or with a negative errno, as the kernel itself says it. An exception
//! would cost a stack trace, and many calls are expected to fail.
use rquickjs::{Ctx, IntoJs, Result, Value};
use rustix::io::Errno;

pub enum Answer<T> {
    Done(T),
    Failed(i32),
}

impl<'js, T: IntoJs<'js>> IntoJs<'js> for Answer<T> {
    fn into_js(self, ctx: &Ctx<'js>) -> Result<Value<'js>> {
        match self {
            Answer::Done(value) => value.into_js(ctx),
            Answer::Failed(errno) => (-errno).into_js(ctx),
        }
    }
}

impl<T> From<rustix::io::Result<T>> for Answer<T> {
    fn from(result: rustix::io::Result<T>) -> Self {
        match result {
            Ok(value) => Answer::Done(value),
            Err(errno) => Answer::Failed(errno.raw_os_error()),
        }
    }
}

impl<T> From<std::io::Result<T>> for Answer<T> {
    fn from(result: std::io::Result<T>) -> Self {
        match result {
            Ok(value) => Answer::Done(value),
            Err(error) => Answer::Failed(error.raw_os_error().unwrap_or(libc::EINVAL)),
        }
    }
}

/// The errno of a libc call that returned -1.
pub fn check(returned: i32) -> rustix::io::Result<i32> {
    if returned >= 0 {
        return Ok(returned);
    }
    let error = std::io::Error::last_os_error();
    Err(Errno::from_io_error(&error).unwrap_or(Errno::IO))
}
