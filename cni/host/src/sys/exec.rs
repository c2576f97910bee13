//! Runs another program to its end: text in, text out. What the new process does before it is that program stands in child.rs.
use super::{
    child::{self, Launch, Refusal},
    failure::check,
    text::into_text,
    values::Text,
};
use rquickjs::{Ctx, IntoJs, Object, Result, Value};
use rustix::{
    fd::{AsRawFd, OwnedFd},
    io::Errno,
    pipe::{PipeFlags, pipe_with},
};
use std::ffi::{CStr, CString};

const OUTPUT_LIMIT_BYTES: usize = 8 << 20;

/// Status and stdout; or the negative errno, and in place of stdout the name of the call that failed.
pub struct Executed {
    status: i32,
    stdout: String,
}

impl<'js> IntoJs<'js> for Executed {
    fn into_js(self, ctx: &Ctx<'js>) -> Result<Value<'js>> {
        let object = Object::new(ctx.clone())?;
        object.set("status", self.status)?;
        object.set("stdout", self.stdout)?;
        Ok(object.into_value())
    }
}

/// `variables` are `NAME=value`, set over this process's own. A negative `inherited` and an empty `label` mean none.
pub fn execute(
    path: Text,
    argv: Vec<Text>,
    variables: Vec<Text>,
    stdin: Text,
    inherited: i32,
    label: Text,
) -> Executed {
    let run = || {
        let refused = |_| Refusal { call: "execve", errno: Errno::INVAL };
        let path = CString::new(path.0).map_err(refused)?;
        let argv = strings(argv.into_iter().map(|text| text.0.into_bytes())).map_err(refused)?;
        let environment = strings(environment(&variables)).map_err(refused)?;
        let launch = Launch {
            path: &path,
            argv: &pointers(&argv),
            environment: &pointers(&environment),
            inherited: (inherited >= 0).then_some(inherited),
            label: (!label.0.is_empty()).then_some(label.0.as_bytes()),
        };
        run_to_end(&launch, stdin.0.as_bytes())
    };
    run().unwrap_or_else(|Refusal { call, errno }| Executed {
        status: -errno.raw_os_error(),
        stdout: call.into(),
    })
}

fn environment(variables: &[Text]) -> impl Iterator<Item = Vec<u8>> {
    let name = |entry: &str| entry.split('=').next().unwrap_or_default().to_owned();
    let replaced: Vec<String> = variables.iter().map(|entry| name(&entry.0)).collect();
    let kept = std::env::vars_os().filter_map(move |(name, value)| {
        let (name, value) = (name.into_encoded_bytes(), value.into_encoded_bytes());
        let is_replaced = replaced.iter().any(|other| other.as_bytes() == name);
        (!is_replaced).then(|| [name, value].join(&b'='))
    });
    kept.chain(variables.iter().map(|entry| entry.0.clone().into_bytes()))
}

fn strings(texts: impl Iterator<Item = Vec<u8>>) -> std::result::Result<Vec<CString>, std::ffi::NulError> {
    texts.map(CString::new).collect()
}

/// As execve(2) wants them; they live as long as `strings`.
fn pointers(strings: &[CString]) -> Vec<*const libc::c_char> {
    strings.iter().map(|text| CStr::as_ptr(text)).chain([std::ptr::null()]).collect()
}

fn run_to_end(launch: &Launch, stdin: &[u8]) -> std::result::Result<Executed, Refusal> {
    let in_call = |call| move |errno| Refusal { call, errno };
    let (stdin_read, stdin_write) = pipe_with(PipeFlags::CLOEXEC).map_err(in_call("pipe2"))?;
    let (stdout_read, stdout_write) = pipe_with(PipeFlags::CLOEXEC).map_err(in_call("pipe2"))?;
    let child = child::start(launch, stdin_read, stdout_write)?;
    let output = rustix::io::ioctl_fionbio(&stdin_write, true)
        .and_then(|()| exchange(stdin_write, stdout_read, stdin))
        .map_err(in_call("read"));
    if output.is_err() {
        child.kill();
    }
    let status = child.wait();
    let stdout = into_text(output?, OUTPUT_LIMIT_BYTES).map_err(in_call("read"))?;
    Ok(Executed { status, stdout })
}

/// Writes while it reads, so that neither side waits for the other. A program that does not want its stdin is no error.
fn exchange(to: OwnedFd, from: OwnedFd, mut rest: &[u8]) -> rustix::io::Result<Vec<u8>> {
    let (mut to, mut from) = (Some(to), Some(from));
    let mut output = Vec::new();
    let mut chunk = [0u8; 8192];
    loop {
        to = to.filter(|_| !rest.is_empty());
        let (is_writable, is_readable) = wait_until_ready(to.as_ref(), from.as_ref())?;
        if let Some(pipe) = to.as_ref().filter(|_| is_writable) {
            match rustix::io::write(pipe, rest) {
                Ok(written) => rest = &rest[written..],
                Err(Errno::AGAIN | Errno::INTR) => {}
                Err(_) => rest = &[],
            }
        }
        if let Some(pipe) = from.as_ref().filter(|_| is_readable) {
            match rustix::io::read(pipe, &mut chunk) {
                Ok(0) => from = None,
                Ok(length) => output.extend_from_slice(&chunk[..length]),
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno),
            }
        }
        if output.len() > OUTPUT_LIMIT_BYTES {
            return Err(Errno::FBIG);
        }
        if from.is_none() && rest.is_empty() {
            return Ok(output);
        }
    }
}

/// Blocks until one of the two can go on; poll(2) passes over what is -1.
fn wait_until_ready(to: Option<&OwnedFd>, from: Option<&OwnedFd>) -> rustix::io::Result<(bool, bool)> {
    let request = |pipe: Option<&OwnedFd>, events| libc::pollfd {
        fd: pipe.map_or(-1, AsRawFd::as_raw_fd),
        events,
        revents: 0,
    };
    let mut requests = [request(to, libc::POLLOUT), request(from, libc::POLLIN)];
    loop {
        // SAFETY: two pollfds, alive until the call returns.
        match check(unsafe { libc::poll(requests.as_mut_ptr(), 2, -1) }) {
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
            Ok(_) => return Ok((requests[0].revents != 0, requests[1].revents != 0)),
        }
    }
}
