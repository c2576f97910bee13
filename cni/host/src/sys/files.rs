//! Files, directories and what stat(2) says of them.
use super::{
    failure::{Answer, check},
    text::into_text,
    values::{Fd, Text, bytes},
};
use crate::fatal;
use rquickjs::{Ctx, FromJs, IntoJs, Object, Result, TypedArray, Value, function::Opt};
use rustix::{
    fd::{AsRawFd, BorrowedFd, IntoRawFd},
    fs::{self, FlockOperation, Mode, OFlags, Stat},
    io::Errno,
};

/// More than any configuration: a stream without end must not fill the node's memory.
const READ_LIMIT_BYTES: usize = 8 << 20;

pub fn open(path: Text, flags: u32, mode: Opt<u32>) -> Answer<i32> {
    let flags = OFlags::from_bits_retain(flags) | OFlags::CLOEXEC;
    let mode = Mode::from_bits_retain(mode.0.unwrap_or(0o644));
    fs::open(path.0, flags, mode).map(IntoRawFd::into_raw_fd).into()
}

pub fn close(fd: Fd) -> Answer<()> {
    // SAFETY: the program owns the number it passes.
    check(unsafe { libc::close(fd.0.as_raw_fd()) }).map(|_| ()).into()
}

pub fn read<'js>(ctx: Ctx<'js>, fd: Fd, mut buffer: TypedArray<'js, u8>) -> Result<Answer<usize>> {
    Ok(rustix::io::read(fd.0, bytes(&ctx, &mut buffer)?).into())
}

pub fn write<'js>(ctx: Ctx<'js>, fd: Fd, data: Value<'js>) -> Result<Answer<()>> {
    if fd.0.as_raw_fd() == 1 {
        fatal::stdout_used();
    }
    if data.is_string() {
        return Ok(write_all(fd.0, Text::from_js(&ctx, data)?.0.as_bytes()).into());
    }
    let mut array = TypedArray::<u8>::from_value(data)?;
    Ok(write_all(fd.0, bytes(&ctx, &mut array)?).into())
}

fn write_all(fd: BorrowedFd<'_>, mut rest: &[u8]) -> rustix::io::Result<()> {
    while !rest.is_empty() {
        match rustix::io::write(fd, rest) {
            Ok(written) => rest = &rest[written..],
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

pub fn read_to_end(fd: Fd) -> Answer<String> {
    read_all(fd.0).and_then(|content| into_text(content, READ_LIMIT_BYTES)).into()
}

fn read_all(fd: BorrowedFd<'_>) -> rustix::io::Result<Vec<u8>> {
    let mut content = Vec::new();
    let mut chunk = [0u8; 8192];
    loop {
        match rustix::io::read(fd, &mut chunk) {
            Ok(0) => return Ok(content),
            Ok(length) => content.extend_from_slice(&chunk[..length]),
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
        if content.len() > READ_LIMIT_BYTES {
            return Err(Errno::FBIG);
        }
    }
}

pub fn read_directory(path: Text) -> Answer<Vec<String>> {
    let name = |entry: std::io::Result<std::fs::DirEntry>| {
        entry.map(|entry| entry.file_name().to_string_lossy().into_owned())
    };
    std::fs::read_dir(path.0).and_then(|entries| entries.map(name).collect()).into()
}

/// What programs want to know of a file.
pub struct Status(Stat);

impl<'js> IntoJs<'js> for Status {
    fn into_js(self, ctx: &Ctx<'js>) -> Result<Value<'js>> {
        let object = Object::new(ctx.clone())?;
        object.set("dev", self.0.st_dev as f64)?;
        object.set("ino", self.0.st_ino as f64)?;
        object.set("mode", self.0.st_mode)?;
        object.set("size", self.0.st_size as f64)?;
        Ok(object.into_value())
    }
}

pub fn fstat(fd: Fd) -> Answer<Status> {
    fs::fstat(fd.0).map(Status).into()
}

pub fn stat(path: Text) -> Answer<Status> {
    fs::stat(path.0).map(Status).into()
}

pub fn filesystem_type(fd: Fd) -> Answer<f64> {
    fs::fstatfs(fd.0).map(|answer| answer.f_type as f64).into()
}

pub fn rename(from: Text, to: Text) -> Answer<()> {
    fs::rename(from.0, to.0).into()
}

/// False when somebody else holds it.
pub fn try_lock(fd: Fd) -> Answer<bool> {
    match fs::flock(fd.0, FlockOperation::NonBlockingLockExclusive) {
        Err(Errno::WOULDBLOCK) => Answer::Done(false),
        locked => locked.map(|()| true).into(),
    }
}
