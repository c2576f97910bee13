//! Files, directories and what stat(2) says of them.
use super::{
    failure::OrThrow,
    values::{Fd, Text, bytes},
};
use crate::fatal;
use rquickjs::{Ctx, FromJs, Object, Result, TypedArray, Value, function::Opt};
use rustix::{
    fd::{AsRawFd, BorrowedFd, IntoRawFd},
    fs::{self, Mode, OFlags, Stat},
    io::Errno,
};

/// More than any configuration: a stream without end must not fill the node's memory.
const READ_LIMIT_BYTES: usize = 8 << 20;

pub fn open(ctx: Ctx, path: Text, flags: u32, mode: Opt<u32>) -> Result<i32> {
    let flags = OFlags::from_bits_retain(flags) | OFlags::CLOEXEC;
    let mode = Mode::from_bits_retain(mode.0.unwrap_or(0o644));
    Ok(fs::open(path.0, flags, mode).or_throw(&ctx, "open")?.into_raw_fd())
}

pub fn close(ctx: Ctx, fd: Fd) -> Result<()> {
    // SAFETY: the program owns the number it passes.
    super::failure::check(unsafe { libc::close(fd.0.as_raw_fd()) }).or_throw(&ctx, "close")?;
    Ok(())
}

pub fn read<'js>(ctx: Ctx<'js>, fd: Fd, mut buffer: TypedArray<'js, u8>) -> Result<usize> {
    rustix::io::read(fd.0, bytes(&ctx, &mut buffer)?).or_throw(&ctx, "read")
}

pub fn write<'js>(ctx: Ctx<'js>, fd: Fd, data: Value<'js>) -> Result<()> {
    if fd.0.as_raw_fd() == 1 {
        fatal::stdout_used();
    }
    if data.is_string() {
        return write_all(fd.0, Text::from_js(&ctx, data)?.0.as_bytes()).or_throw(&ctx, "write");
    }
    let mut array = TypedArray::<u8>::from_value(data)?;
    write_all(fd.0, bytes(&ctx, &mut array)?).or_throw(&ctx, "write")
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

pub fn read_to_end(ctx: Ctx, fd: Fd) -> Result<String> {
    let mut content = Vec::new();
    let mut chunk = [0u8; 8192];
    loop {
        match rustix::io::read(fd.0, &mut chunk) {
            Ok(0) => break,
            Ok(length) => content.extend_from_slice(&chunk[..length]),
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno).or_throw(&ctx, "read"),
        }
        if content.len() > READ_LIMIT_BYTES {
            return Err(Errno::FBIG).or_throw(&ctx, "read");
        }
    }
    Ok(String::from_utf8_lossy(&content).into_owned())
}

pub fn read_directory(ctx: Ctx, path: Text) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(path.0).or_throw(&ctx, "readdir")? {
        names.push(entry.or_throw(&ctx, "readdir")?.file_name().to_string_lossy().into_owned());
    }
    Ok(names)
}

pub fn fstat<'js>(ctx: Ctx<'js>, fd: Fd) -> Result<Object<'js>> {
    status(&ctx, fs::fstat(fd.0).or_throw(&ctx, "fstat")?)
}

pub fn stat<'js>(ctx: Ctx<'js>, path: Text) -> Result<Object<'js>> {
    status(&ctx, fs::stat(path.0).or_throw(&ctx, "stat")?)
}

fn status<'js>(ctx: &Ctx<'js>, stat: Stat) -> Result<Object<'js>> {
    let object = Object::new(ctx.clone())?;
    object.set("dev", stat.st_dev as f64)?;
    object.set("ino", stat.st_ino as f64)?;
    object.set("mode", stat.st_mode)?;
    object.set("size", stat.st_size as f64)?;
    Ok(object)
}

pub fn filesystem_type(ctx: Ctx, fd: Fd) -> Result<f64> {
    Ok(fs::fstatfs(fd.0).or_throw(&ctx, "fstatfs")?.f_type as f64)
}
