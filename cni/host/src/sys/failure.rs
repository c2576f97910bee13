//! A failed system call becomes a JavaScript Error with `errno`, kept exactly as the kernel gave it.
use rquickjs::{Ctx, Error, Exception, Result};
use rustix::io::Errno;

fn throw(ctx: &Ctx<'_>, syscall: &str, errno: i32) -> Error {
    let build = || -> Result<Error> {
        let exception = Exception::from_message(ctx.clone(), syscall)?;
        exception.set("errno", errno)?;
        Ok(exception.throw())
    };
    build().unwrap_or_else(|error| error)
}

/// Turns a result of rustix or std into one that JavaScript sees as an exception.
pub trait OrThrow<T> {
    fn or_throw(self, ctx: &Ctx<'_>, syscall: &str) -> Result<T>;
}

impl<T> OrThrow<T> for rustix::io::Result<T> {
    fn or_throw(self, ctx: &Ctx<'_>, syscall: &str) -> Result<T> {
        self.map_err(|errno| throw(ctx, syscall, errno.raw_os_error()))
    }
}

impl<T> OrThrow<T> for std::io::Result<T> {
    fn or_throw(self, ctx: &Ctx<'_>, syscall: &str) -> Result<T> {
        self.map_err(|error| throw(ctx, syscall, error.raw_os_error().unwrap_or(libc::EINVAL)))
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
